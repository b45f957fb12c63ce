import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { folderSize } from '../files/folder-size.ts';
import { openCache } from './store/cache-store.ts';
import type { Amount, ArtifactKind, ArtifactStore, Usage } from './store/store-types.ts';

/** Space that caches take, and how it is freed. Everything in them can be made again. */
export interface CacheKeeper {
  /** Of the cache that JSON projects share. */
  shared(): Usage | null;
  cleanShared(kinds: readonly ArtifactKind[]): Amount;
  /** Graphs that were optimised for this machine, compiled code, verdicts about providers. */
  graphs(): Promise<Amount>;
  cleanGraphs(): Promise<Amount>;
}

/** Folders below the cache that hold what was made of models. */
const GRAPH_FOLDERS = ['graphs', 'compiled', 'providers'];

export function createCacheKeeper(options: {
  readonly clock: () => number;
  readonly folder: string;
  /** File of the shared cache. */
  readonly sharedCache: string;
  /** Lets go of the optimised graphs, which some systems do not delete while they are open. */
  releaseGraphs(): Promise<void>;
}): CacheKeeper {
  const withShared = <Result>(work: (store: ArtifactStore) => Result): Result | undefined => {
    // Asking for its size must not make one.
    if (!existsSync(options.sharedCache)) return undefined;
    const store = openCache(options.sharedCache, {
      clock: options.clock,
      maxBytes: Number.POSITIVE_INFINITY,
    });
    try {
      return work(store);
    } finally {
      store.close();
    }
  };
  const graphs = async (): Promise<Amount> => {
    const sizes = await Promise.all(GRAPH_FOLDERS.map((name) => folderSize(join(options.folder, name))));
    return {
      count: sizes.reduce((sum, { count }) => sum + count, 0),
      bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  };
  return {
    shared: () => withShared((store) => store.usage()) ?? null,
    cleanShared: (kinds) =>
      withShared((store) => store.evict({ maxBytes: 0, kinds })) ?? { count: 0, bytes: 0 },
    graphs,
    async cleanGraphs() {
      const before = await graphs();
      await options.releaseGraphs();
      for (const name of GRAPH_FOLDERS) {
        await rm(join(options.folder, name), { recursive: true, force: true, maxRetries: 3 });
      }
      return before;
    },
  };
}
