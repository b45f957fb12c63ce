import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Files that were made to be fetched by windows elsewhere: the newest ones, each in a temporary folder of its own. */
export interface Downloads {
  /** A new, empty folder for one file. */
  folder(): string;
  /** The file, in a folder of {@link folder}, can be fetched from now on; the oldest of too many no longer can. */
  keep(id: string, file: string): void;
  /** Absolute path; undefined for what was never kept or is kept no longer. */
  find(id: string): string | undefined;
  /** Resolves when those that can no longer be fetched have left the disk. */
  cleared(): Promise<void>;
  /** Deletes them all. */
  close(): Promise<void>;
}

/** @param maxCount a host that serves for weeks must not fill its disk with films that were fetched long ago */
export function createDownloads(maxCount = 20): Downloads {
  const files = new Map<string, string>();
  let root: string | undefined;
  let clearing: Promise<void> = Promise.resolve();
  // One that is being fetched on a system that does not delete open files goes when the host ends.
  const clear = (file: string): Promise<void> =>
    rm(dirname(file), { recursive: true, force: true }).catch(() => {});
  return {
    folder() {
      root ??= mkdtempSync(join(tmpdir(), 'inbetween-exports-'));
      return mkdtempSync(join(root, 'export-'));
    },
    keep(id, file) {
      files.set(id, file);
      const [oldest] = files;
      if (files.size <= maxCount || oldest === undefined) return;
      files.delete(oldest[0]);
      clearing = clearing.then(() => clear(oldest[1]));
    },
    find: (id) => files.get(id),
    cleared: () => clearing,
    async close() {
      await clearing;
      if (root !== undefined) await rm(root, { recursive: true, force: true });
    },
  };
}
