import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { SCHEMA_VERSION } from './migrations/index.ts';
import { openStore, type Store } from './project-store.ts';
import type { ArtifactStore, Clock } from './store-types.ts';
import { toStorageError } from './storage-errors.ts';

export interface CacheOptions {
  readonly clock: Clock;
  /** Limit for the artifacts' bytes. */
  readonly maxBytes: number;
  /** Told in plain words what happened to a cache that could not be used. */
  readonly onNote?: (message: string) => void;
}

/**
 * Opens the shared cache of JSON projects: a project file without a document. Nothing in it is irreplaceable, so
 * damage never stops a render: a damaged file is moved aside (`<file>.damaged-<n>`, never deleted) and a fresh one
 * begun, on opening and in mid-use alike. A cache of a newer version is left alone; ours is then kept beside it.
 */
export function openCache(path: string, options: CacheOptions): ArtifactStore {
  const notify = options.onNote ?? (() => {});
  const wanted = resolve(path);
  try {
    mkdirSync(dirname(wanted), { recursive: true });
  } catch (error) {
    throw toStorageError(error, wanted);
  }
  let file = wanted;

  const open = (): Store => {
    for (let attempt = 0; ; attempt += 1) {
      const inode = inodeOf(file);
      try {
        return openStore(file, { create: true, clock: options.clock, maxBytes: options.maxBytes });
      } catch (error) {
        if (!(error instanceof AppError) || attempt >= 3) throw error;
        if (error.code === 'project-newer') {
          notify(`The cache ${file} belongs to a newer Inbetween and is left alone.`);
          file = `${wanted}-v${SCHEMA_VERSION}`;
        } else if (isUnusable(error)) {
          if (inode !== undefined) moveAside(file, inode, notify);
        } else throw error;
      }
    }
  };

  let store = open();
  let isOpen = true;

  const guard = <T>(work: (store: Store) => T): T => {
    try {
      return work(store);
    } catch (error) {
      if (!isOpen || !(error instanceof AppError) || error.code !== 'project-damaged') throw error;
      const inode = inodeOf(file);
      store.close();
      if (inode !== undefined) moveAside(file, inode, notify);
      store = open();
      return work(store);
    }
  };

  return {
    get file() {
      return store.file;
    },
    putArtifacts: (list) => guard((current) => current.putArtifacts(list)),
    getArtifact: (kind, key) => guard((current) => current.getArtifact(kind, key)),
    hasArtifacts: (kind, keys) => {
      const wantedKeys = [...keys];
      return guard((current) => current.hasArtifacts(kind, wantedKeys));
    },
    touchArtifacts: (kind, keys) => {
      const usedKeys = [...keys];
      guard((current) => current.touchArtifacts(kind, usedKeys));
    },
    usage: () => guard((current) => current.usage()),
    evict: (limits) => guard((current) => current.evict(limits)),
    verify: () => store.verify(),
    close: () => {
      isOpen = false;
      return store.close();
    },
  };
}

/** Damaged, or (in the cache's own place) not a cache at all. */
function isUnusable(error: AppError): boolean {
  const { reason } = error.data;
  return error.code === 'project-damaged' || reason === 'not-a-database' || reason === 'foreign';
}

/** Another process may have moved the same file and begun a new one: that one must stay, hence the inode. */
function moveAside(file: string, inode: bigint, notify: (message: string) => void): void {
  if (inodeOf(file) !== inode) return;
  let number = 1;
  while (existsSync(`${file}.damaged-${number}`)) number += 1;
  const aside = `${file}.damaged-${number}`;
  try {
    // Side files first: a fresh file must never meet those of the damaged one.
    for (const suffix of ['-wal', '-shm', '-journal', '']) {
      if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
    }
  } catch (error) {
    throw toStorageError(error, file);
  }
  notify(
    `The cache ${file} was damaged. It was moved to ${aside} and a new one begun; its frames are rendered again.`,
  );
}

function inodeOf(file: string): bigint | undefined {
  return statSync(file, { bigint: true, throwIfNoEntry: false })?.ino;
}
