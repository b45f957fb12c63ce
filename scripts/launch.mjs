// The entry of every npm script. It runs under whatever Node the machine has (20 or newer), installs what is missing
// and hands over to the Node 24 that the project pins, because better-sqlite3 needs it.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const ENTRIES = {
  start: 'scripts/start.ts',
  test: 'scripts/test.ts',
  cli: 'src-main/cli.ts',
  bench: 'bench/bench.ts',
  package: 'scripts/package.ts',
};

const [name, ...args] = process.argv.slice(2);
const entry = ENTRIES[name];
if (entry === undefined) {
  console.error(`launch.mjs takes ${Object.keys(ENTRIES).join(', ')}, not ${name}.`);
  process.exit(2);
}

installPackages();
run(join(root, entry), args);

/** Runs `npm ci` when node_modules does not belong to the committed lock file. */
function installPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules', '.inbetween-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock && existsSync(node24())) return;
  console.error('Installing packages (once) ...');
  // No package's own install steps but one: better-sqlite3 would be compiled although its binary is inside,
  // others would download. The one is node's, which links the Node 24 that the lock file names.
  npm('ci', '--ignore-scripts', '--loglevel=error');
  npm('rebuild', 'node', '--ignore-scripts=false', '--loglevel=error');
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
}

function npm(...npmArgs) {
  const result = spawnSync(process.platform === 'win32' ? 'npm.cmd' : 'npm', npmArgs, {
    cwd: root,
    // stdout stays clean: `inbetween ... --json` is read by scripts.
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
    env: { ...process.env, npm_config_loglevel: 'error' },
  });
  if (result.status === 0) return;
  console.error(`npm ${npmArgs[0]} failed; the lines above say why. Is the package registry reachable?`);
  process.exit(1);
}

function node24() {
  return join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

function run(file, fileArgs) {
  const runtime = Number(process.versions.node.split('.')[0]) >= 24 ? process.execPath : node24();
  const child = spawn(runtime, ['--disable-warning=ExperimentalWarning', file, ...fileArgs], {
    // Relative paths belong to the folder the user typed the command in.
    cwd: process.env.INIT_CWD ?? process.cwd(),
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: {
      // Compiled code is kept: every start after the first takes half the time.
      NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'compiled'),
      ...process.env,
      INBETWEEN_ROOT: root,
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // npm does not outlive us silently: when it is killed outright, so are we, and with us (its IPC channel closes)
  // the process that renders.
  if (process.env.npm_lifecycle_event !== undefined) {
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) process.exit(137);
    }, 250).unref();
  }
  child.on('exit', (code, signal) => {
    if (signal !== null) process.kill(process.pid, signal);
    process.exit(code ?? 1);
  });
  child.on('error', (error) => {
    console.error(`Node 24 did not start: ${error.message}`);
    process.exit(1);
  });
}
