import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

/**
 * A Chromium for the window's tests: INBETWEEN_CHROMIUM, else one on the PATH, else (root on Debian) the
 * distribution's package is installed. Undefined, with the reason printed, where none can be had.
 */
export function findChromium(): string | undefined {
  const set = process.env.INBETWEEN_CHROMIUM;
  if (set !== undefined && set !== '') return set;
  const found = onPath();
  if (found !== undefined) return found;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.log('Installing Chromium for the tests of the window (once) ...');
    const options = { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const;
    spawnSync('apt-get', ['update', '-qq'], options);
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], options);
  }
  const installed = onPath();
  if (installed === undefined) {
    console.log('No Chromium was found: the tests of the window are skipped (INBETWEEN_CHROMIUM names one).');
  }
  return installed;
}

function onPath(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  for (const name of NAMES) {
    const folder = folders.find((candidate) => existsSync(join(candidate, name)));
    if (folder !== undefined) return join(folder, name);
  }
  return undefined;
}
