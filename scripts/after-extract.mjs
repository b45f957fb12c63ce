import { rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Called by electron-builder: Electron's own start page has no place in a package, whether it is a file or a folder. */
export default async function afterExtract({ appOutDir }) {
  await rm(join(appOutDir, 'resources', 'default_app.asar'), { recursive: true, force: true });
}
