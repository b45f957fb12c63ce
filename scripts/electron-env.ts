import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const PACKAGE = join(ROOT, 'node_modules', 'electron');
const NAMES: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'Electron.app/Contents/MacOS/Electron',
  win32: 'electron.exe',
};
const NAME = NAMES[process.platform] ?? 'electron';

/** The Electron that is there without a download: ELECTRON_OVERRIDE_DIST_PATH, or what the package has fetched. */
export function presentElectron(): string | undefined {
  const set = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (set !== undefined && set !== '') return fileOf(join(set, NAME));
  const pathFile = join(PACKAGE, 'path.txt');
  if (!existsSync(pathFile)) return undefined;
  return fileOf(join(PACKAGE, 'dist', readFileSync(pathFile, 'utf8').trim()));
}

/** Lets the package fetch its binary, which it does on first use; undefined where it cannot be had. */
export function fetchedElectron(): string | undefined {
  const present = presentElectron();
  if (present !== undefined || !existsSync(join(PACKAGE, 'install.js'))) return present;
  console.log('Fetching Electron (once; about 120 MB) ...');
  const { status } = spawnSync(process.execPath, [join(PACKAGE, 'install.js')], {
    stdio: ['ignore', 'ignore', 'ignore'],
    timeout: 300_000,
  });
  return status === 0 ? presentElectron() : undefined;
}

/**
 * An Electron for tests: one that is there; else one that a script beside the checkout has assembled or assembles
 * (shared/electron/electron-dist.sh, for machines that cannot download the package's own).
 */
export function electronForTests(): string | undefined {
  const present = presentElectron();
  if (present !== undefined) return present;
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const assembled = fileOf(join(cache, 'inbetween', 'electron-22', NAME));
  if (assembled !== undefined) return assembled;
  const script = join(ROOT, '..', 'shared', 'electron', 'electron-dist.sh');
  if (process.platform === 'linux' && existsSync(script)) {
    console.log('Assembling Electron for the tests of the desktop (once) ...');
    const { status, stdout } = spawnSync('bash', [script], { encoding: 'utf8', timeout: 600_000 });
    if (status === 0) return fileOf(join(stdout.trim(), NAME));
  }
  return undefined;
}

/** Root has no sandbox of Chromium's. */
export function sandboxArguments(): readonly string[] {
  return process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : [];
}

function fileOf(path: string): string | undefined {
  return existsSync(path) ? path : undefined;
}
