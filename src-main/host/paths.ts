import { dirname, join } from 'node:path';
import { userModelsFolder } from './models/discover.ts';

/** Folders of the studio on this machine; nothing below the entries reads the environment itself. */
export interface HostPaths {
  /** Models that come with the product. */
  readonly bundledModels: string;
  /** Models that the user imported. */
  readonly userModels: string;
  /** Learned words (textual inversion) of the user's, for all models. */
  readonly embeddings: string;
  /** File of the settings. */
  readonly settings: string;
  /** Export presets of the user's, one file each. */
  readonly presets: string;
  /** Things that can be deleted at any time: rendered frames of JSON projects, optimised graphs, hashes. */
  readonly cache: string;
  /** Where new projects go that were given no place. */
  readonly projects: string;
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  /** The folder that holds the product's `models/`. */
  readonly root: string;
}

/**
 * XDG folders on Linux, their equivalents on macOS and Windows. INBETWEEN_CACHE_DIR, INBETWEEN_DATA_DIR and
 * INBETWEEN_PROJECTS_DIR override.
 */
export function hostPaths({ env, platform, home, root }: Surroundings): HostPaths {
  const set = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  const local = set('LOCALAPPDATA') ?? join(home, 'AppData', 'Local');
  const cacheHome =
    set('XDG_CACHE_HOME') ??
    (platform === 'win32'
      ? local
      : platform === 'darwin'
        ? join(home, 'Library', 'Caches')
        : join(home, '.cache'));
  const data = set('INBETWEEN_DATA_DIR');
  const cache =
    set('INBETWEEN_CACHE_DIR') ??
    join(cacheHome, platform === 'win32' ? join('inbetween', 'Cache') : 'inbetween');
  const userModels = data === undefined ? userModelsFolder({ env, platform, home }) : join(data, 'models');
  return {
    bundledModels: join(root, 'models'),
    userModels,
    embeddings: join(dirname(userModels), 'embeddings'),
    settings: join(dirname(userModels), 'settings.json'),
    presets: join(dirname(userModels), 'presets'),
    cache,
    projects: set('INBETWEEN_PROJECTS_DIR') ?? join(home, 'Inbetween'),
  };
}
