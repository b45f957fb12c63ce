import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { buildDesktop } from './build-desktop.ts';
import { buildHost } from './build-host.ts';
import { buildWindow } from './build-window.ts';

/**
 * `npm run package -- [--linux|--win|--mac] [dir|AppImage|deb|nsis|dmg]`: the desktop studio as a package in out/package.
 * With ELECTRON_OVERRIDE_DIST_PATH it is made of the Electron there, whose version its file `version` names.
 */
const root = join(import.meta.dirname, '..');
await buildWindow();
await buildDesktop();
await buildHost();

const dist = process.env.ELECTRON_OVERRIDE_DIST_PATH;
const ofDist =
  dist === undefined || dist === ''
    ? []
    : [
        `-c.electronDist=${dist}`,
        `-c.electronVersion=${readFileSync(join(dist, 'version'), 'utf8').trim().replace(/^v/, '')}`,
      ];
const builder = join(root, 'node_modules', 'electron-builder', 'cli.js');
const { status } = spawnSync(
  process.execPath,
  [builder, '--publish', 'never', ...ofDist, ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
);
process.exit(status ?? 1);
