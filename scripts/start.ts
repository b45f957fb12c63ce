import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { buildDesktop } from './build-desktop.ts';
import { buildWindow } from './build-window.ts';
import { fetchedElectron, sandboxArguments } from './electron-env.ts';

/**
 * `npm start`: builds what is not built and opens the desktop studio; a file among the arguments is opened. Without an
 * Electron the studio opens in the browser, without a display its address is printed. `--browser`, and any option of
 * `inbetween serve`, serve it at once.
 */
const ROOT = join(import.meta.dirname, '..');
/** An Electron that ends within this time with an error has not started. */
const START_MS = 10_000;
const args = process.argv.slice(2);
const serveArgs = args.filter((arg) => arg !== '--browser');
const wantsServer = args.some((arg) => arg.startsWith('--'));

console.log('Preparing the studio ...');
await buildWindow();
if (wantsServer || !hasDisplay()) serve();
else await openDesktop();

async function openDesktop(): Promise<void> {
  const electron = fetchedElectron();
  if (electron === undefined) {
    console.log('Electron could not be fetched, so the studio opens in your browser; it is the same one.');
    return serve();
  }
  await buildDesktop();
  const sandbox = sandboxArguments();
  if (sandbox.length > 0) console.log("Running as root: Chromium's sandbox is off.");
  const started = Date.now();
  const desktop = spawn(electron, [...sandbox, ROOT, ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
  endWithUs((signal) => desktop.kill(signal));
  let isOver = false;
  const fallBack = (why: string): void => {
    if (isOver) return;
    isOver = true;
    console.log(`The desktop studio did not start (${why}), so it opens in your browser.`);
    serve();
  };
  desktop.on('error', (error) => fallBack(error.message));
  desktop.on('exit', (code, signal) => {
    if (code !== 0 && signal === null && Date.now() - started < START_MS) return fallBack(`status ${code}`);
    if (!isOver) process.exit(code ?? 0);
  });
}

function serve(): void {
  const server = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(ROOT, 'src-main', 'cli.ts'), 'serve', ...serveArgs],
    { stdio: ['inherit', 'pipe', 'inherit', 'ipc'] },
  );
  let first = '';
  server.stdout?.on('data', (chunk: Buffer) => {
    if (first.includes('\n')) return;
    first += chunk.toString();
    const address = first.split('\n')[0] as string;
    if (!first.includes('\n')) return;
    console.log(`\nThe studio: ${address}\n`);
    if (hasDisplay()) openBrowser(address);
  });
  endWithUs((signal) => server.kill(signal));
  server.on('exit', (code) => process.exit(code ?? 1));
}

/** Signals are passed on; when the launcher is gone, so is everything below it. */
function endWithUs(kill: (signal: NodeJS.Signals) => void): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => kill(signal));
  process.on('disconnect', () => kill('SIGTERM'));
}

function hasDisplay(): boolean {
  const { platform, env } = process;
  if (env.CI !== undefined) return false;
  const isWindowed = platform === 'win32' || platform === 'darwin';
  return isWindowed || env.DISPLAY !== undefined || env.WAYLAND_DISPLAY !== undefined;
}

function openBrowser(address: string): void {
  const { platform } = process;
  const [command, openArgs] =
    platform === 'win32'
      ? ['rundll32', ['url.dll,FileProtocolHandler', address]]
      : [platform === 'darwin' ? 'open' : 'xdg-open', [address]];
  const opener = spawn(command as string, openArgs as string[], { stdio: 'ignore', detached: true });
  // Without an opener the printed address is enough.
  opener.on('error', () => {});
  opener.unref();
}
