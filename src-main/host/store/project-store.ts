import { existsSync, statSync } from 'node:fs';
import type { Json } from '../../../src-shared/kernel/canonical-json.ts';
import { createArtifactTable } from './artifact-table.ts';
import { createAssetTable } from './asset-table.ts';
import { type Connection, openConnection } from './connection.ts';
import { createDocumentTable } from './document-table.ts';
import { toStorageError } from './storage-errors.ts';
import { createSettingTable } from './setting-table.ts';
import type {
  ArtifactStore,
  Asset,
  AssetInfo,
  AssetInput,
  Clock,
  HistoryEntry,
  HistoryInput,
  StoredDocument,
  StoredHistory,
} from './store-types.ts';
import { verifyContents } from './verify.ts';

export interface StoreOptions {
  /** Makes the file when it is missing; otherwise a missing file is an error. */
  readonly create?: boolean;
  /** For write-protected media, and where reading is all that is wanted. Saving then throws `read-only`. */
  readonly readonly?: boolean;
  readonly clock: Clock;
  /** Limit for the artifacts' bytes, kept by dropping those least recently used; none by default. */
  readonly maxBytes?: number;
  /** Undo steps that are kept; 1000 by default. */
  readonly historyLimit?: number;
}

/**
 * An open `.inbetween` file. All methods are synchronous and durable when they return: a process that is killed
 * loses nothing that was saved (a loss of power may cost the last moments, never the file).
 */
export interface Store extends ArtifactStore {
  readonly readonly: boolean;
  /** Undefined until one is saved. */
  document(): StoredDocument | undefined;
  /**
   * Saves the document's JSON text and, with it, the step that made it. `expectedRevision` is the revision that
   * the change was made to, 0 for the first.
   * @throws {AppError} when someone else saved in the meantime (see isStaleRevision).
   */
  saveDocument(
    json: string,
    options: { readonly expectedRevision: number; readonly history?: HistoryInput },
  ): StoredDocument;
  history(): StoredHistory;
  /** Adds a step after the cursor; steps that were undone are forgotten. */
  pushHistory(entry: HistoryInput): HistoryEntry;
  /** Moves the cursor back and returns the step to reverse. Save the document in the same {@link transact}. */
  undo(): HistoryEntry | undefined;
  /** Moves the cursor on and returns the step to apply again. Save the document in the same {@link transact}. */
  redo(): HistoryEntry | undefined;
  clearHistory(): void;
  /** Runs several calls as one: all of them are saved, or none when `work` throws. `work` must not be async. */
  transact<T>(work: () => T): T;
  /** Imports a picture; one that is there already is kept under its first name. */
  putAsset(asset: AssetInput): AssetInfo;
  getAsset(sha256: string): Asset | undefined;
  listAssets(): AssetInfo[];
  removeAssets(keys: Iterable<string>): number;
  setting(key: string): Json | undefined;
  /** `undefined` removes the setting. */
  setSetting(key: string, value: Json | undefined): void;
  /**
   * Writes all of it into a new file, a few pages at a time, so that others can go on.
   * @throws {AppError} storage-failed, disk-full
   */
  copyTo(file: string): Promise<void>;
  /** Drops the cache and gives its space back. Sizes are those of the file with its side files. */
  slim(): { readonly bytesBefore: number; readonly bytesAfter: number };
}

/**
 * Opens a project (or makes one).
 * @throws {AppError} see {@link openConnection}; a file that is refused is left untouched.
 */
export function openStore(file: string, options: StoreOptions): Store {
  const connection = openConnection(file, options);
  try {
    return connection.attempt(() => createStore(connection, options));
  } catch (error) {
    connection.close();
    throw error;
  }
}

function createStore(connection: Connection, options: StoreOptions): Store {
  const { database, file } = connection;
  const { clock, maxBytes = Number.POSITIVE_INFINITY, historyLimit = 1000 } = options;
  const documents = createDocumentTable(connection, clock, historyLimit);
  const assets = createAssetTable(connection, clock);
  const artifacts = createArtifactTable(connection, clock, maxBytes);
  const settings = createSettingTable(connection);
  let isOpen = true;

  return {
    file,
    readonly: connection.readonly,
    document: documents.document,
    saveDocument: documents.save,
    history: documents.history,
    pushHistory: documents.push,
    undo: documents.undo,
    redo: documents.redo,
    clearHistory: documents.clearHistory,
    transact: connection.write,
    putAsset: assets.put,
    getAsset: assets.get,
    listAssets: assets.list,
    removeAssets: assets.remove,
    putArtifacts: artifacts.put,
    getArtifact: artifacts.get,
    hasArtifacts: artifacts.has,
    touchArtifacts: artifacts.touch,
    evict: artifacts.evict,
    setting: settings.get,
    setSetting: settings.set,

    usage: () => {
      const { embedding, latents, frame } = artifacts.usage();
      const pragma = (name: string): number => database.pragma(name, { simple: true }) as number;
      return {
        embeddings: embedding,
        latents,
        frames: frame,
        assets: assets.usage(),
        fileBytes: sizeWithSideFiles(file),
        freeBytes: connection.attempt(() => pragma('freelist_count') * pragma('page_size')),
      };
    },

    slim: () => {
      const bytesBefore = sizeWithSideFiles(file);
      artifacts.clear();
      connection.attempt(() => {
        database.exec('VACUUM');
        database.pragma('wal_checkpoint(TRUNCATE)');
      });
      return { bytesBefore, bytesAfter: sizeWithSideFiles(file) };
    },

    copyTo: (target) =>
      database.backup(target).then(
        () => undefined,
        (error: unknown) => {
          throw toStorageError(error, target);
        },
      ),

    verify: () => verifyContents(connection),

    close: () => {
      if (!isOpen) return true;
      isOpen = false;
      if (!connection.readonly) {
        try {
          artifacts.flush();
          artifacts.evictAboveLimit();
        } catch {
          // Only the order of eviction is at stake; a full disk must not keep the file from being closed.
        }
      }
      return connection.close();
    },
  };
}

function sizeWithSideFiles(file: string): number {
  return [file, `${file}-wal`].reduce((sum, path) => sum + (existsSync(path) ? statSync(path).size : 0), 0);
}
