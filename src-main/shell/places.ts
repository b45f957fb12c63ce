import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where the parts of the product lie, in a checkout and in a package. */
export interface ShellPlaces {
  /** Folder with `models/` and `resources/`. */
  readonly root: string;
  /** The checkout that the shell runs from; undefined in a package. */
  readonly checkout: string | undefined;
  readonly renderer: string;
  readonly preload: string;
  readonly hostEntry: string;
  readonly icon: string;
  /** Of the product. Electron's own answer is its package's only in a packaged app. */
  readonly version: string;
}

/** @param app folder of the app: the checkout, or `app.asar` */
export function shellPlaces(app: string, isPackaged: boolean): ShellPlaces {
  const shared = {
    renderer: join(app, 'dist', 'renderer'),
    preload: join(app, 'dist', 'desktop', 'preload.cjs'),
    version: (JSON.parse(readFileSync(join(app, 'package.json'), 'utf8')) as { version: string }).version,
  };
  if (!isPackaged) {
    return {
      ...shared,
      root: app,
      checkout: app,
      hostEntry: join(app, 'src-main', 'host-process.ts'),
      icon: join(app, 'resources', 'icons', 'icon.png'),
    };
  }
  // A plain Node cannot read inside the archive, and native parts cannot be loaded from it.
  const resources = dirname(app);
  return {
    ...shared,
    root: resources,
    checkout: undefined,
    hostEntry: join(resources, 'app.asar.unpacked', 'dist', 'host', 'host-process.mjs'),
    icon: join(resources, 'resources', 'icons', 'icon.png'),
  };
}
