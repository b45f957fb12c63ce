import { hash } from 'node:crypto';
import type { Json } from '../../../src-shared/kernel/canonical-json.ts';
import type { Connection } from './connection.ts';
import type { Amount, Artifact, ArtifactInput, ArtifactKind, Clock, EvictOptions } from './store-types.ts';

/** What is dropped first comes first. */
const EVICTION_ORDER: readonly ArtifactKind[] = ['latents', 'embedding', 'frame'];
/** Eviction that a put sets off goes down to this share of the limit, so that not every put evicts. */
const EVICTION_TARGET = 0.9;
/** Another process may be filling the same file: the total is counted anew after this many puts. */
const RECOUNT_AFTER_PUTS = 64;
const MAX_PENDING_TOUCHES = 4096;
/** After an eviction the file shrinks when more than this much, and more than a quarter of it, is free. */
const SHRINK_ABOVE_BYTES = 16 << 20;

export interface ArtifactTable {
  put(list: readonly ArtifactInput[]): void;
  get(kind: ArtifactKind, key: string): Artifact | undefined;
  has(kind: ArtifactKind, keys: Iterable<string>): Set<string>;
  touch(kind: ArtifactKind, keys: Iterable<string>): void;
  /** Writes the noted uses. */
  flush(): void;
  evict(options: EvictOptions): Amount;
  /** Evicts when above the limit that the table was made with. */
  evictAboveLimit(): void;
  usage(): Record<ArtifactKind, Amount>;
  clear(): void;
}

interface ArtifactRow {
  readonly id: number;
  readonly media_type: string;
  readonly meta: string | null;
  readonly sha256: string;
  readonly cost_ms: number;
  readonly created: number;
  readonly bytes: Buffer | null;
}

/** @param maxBytes limit for the artifacts' bytes; Infinity for none. */
export function createArtifactTable(connection: Connection, clock: Clock, maxBytes: number): ArtifactTable {
  const { database } = connection;
  const upsert = database
    .prepare<[string, string, string, string | null, number, string, number, number, number], number>(
      `
      INSERT INTO artifact (kind, key, media_type, meta, size, sha256, cost_ms, created, last_used)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (kind, key) DO UPDATE SET
        media_type = excluded.media_type, meta = excluded.meta, size = excluded.size, sha256 = excluded.sha256,
        cost_ms = excluded.cost_ms, last_used = excluded.last_used
      RETURNING id`,
    )
    .pluck();
  const upsertBytes = database.prepare<[number, Uint8Array]>(`
    INSERT INTO artifact_bytes (artifact, bytes) VALUES (?, ?)
    ON CONFLICT (artifact) DO UPDATE SET bytes = excluded.bytes`);
  const select = database.prepare<[string, string], ArtifactRow>(`
    SELECT id, media_type, meta, sha256, cost_ms, created, bytes
    FROM artifact LEFT JOIN artifact_bytes ON artifact = id WHERE kind = ? AND key = ?`);
  const selectPresent = database
    .prepare<[string, string], string>(
      `
      SELECT value FROM json_each(?) AS wanted
      WHERE EXISTS (SELECT 1 FROM artifact WHERE kind = ? AND key = wanted.value)`,
    )
    .pluck();
  const remove = database.prepare<[number]>('DELETE FROM artifact WHERE id = ?');
  const removeAll = database.prepare('DELETE FROM artifact');
  const setLastUsed = database.prepare<[number, string, string]>(
    'UPDATE artifact SET last_used = ? WHERE kind = ? AND key = ?',
  );
  const leastRecent = database.prepare<[string], { id: number; key: string; size: number }>(
    'SELECT id, key, size FROM artifact WHERE kind = ? ORDER BY last_used, id',
  );
  const amounts = database.prepare<[], { kind: string; count: number; bytes: number }>(
    'SELECT kind, count(*) AS count, total(size) AS bytes FROM artifact GROUP BY kind',
  );
  const total = database.prepare<[], number>('SELECT total(size) FROM artifact').pluck();

  const touched = new Map<string, { kind: ArtifactKind; key: string; at: number }>();
  /** Upper estimate of the artifacts' bytes; undefined until counted. */
  let knownBytes: number | undefined;
  let putsSinceCount = 0;

  const note = (kind: ArtifactKind, key: string): void => {
    if (!connection.readonly) touched.set(`${kind} ${key}`, { kind, key, at: Math.trunc(clock()) });
  };

  const writeTouched = (): void => {
    for (const { kind, key, at } of touched.values()) setLastUsed.run(at, kind, key);
  };

  const flush = (): void => {
    if (touched.size === 0) return;
    connection.write(writeTouched);
    touched.clear();
  };

  const dropLeastRecent = ({ maxBytes: limit, keepKeys, kinds }: EvictOptions): Amount => {
    let remaining = total.get() ?? 0;
    const dropped: number[] = [];
    let bytes = 0;
    for (const kind of EVICTION_ORDER) {
      if (remaining <= limit) break;
      if (kinds?.includes(kind) === false) continue;
      for (const row of leastRecent.iterate(kind)) {
        if (remaining <= limit) break;
        if (keepKeys?.has(row.key)) continue;
        dropped.push(row.id);
        bytes += row.size;
        remaining -= row.size;
      }
    }
    for (const id of dropped) remove.run(id);
    return { count: dropped.length, bytes };
  };

  const isAboveLimit = (added: number): boolean => {
    if (maxBytes === Number.POSITIVE_INFINITY) return false;
    putsSinceCount += 1;
    const estimate = (knownBytes ?? 0) + added;
    if (knownBytes === undefined || estimate > maxBytes || putsSinceCount >= RECOUNT_AFTER_PUTS) {
      knownBytes = total.get() ?? 0;
      putsSinceCount = 0;
    } else {
      knownBytes = estimate;
    }
    return knownBytes > maxBytes;
  };

  const shrink = (): void => {
    if (database.inTransaction) return;
    const pragma = (name: string): number => database.pragma(name, { simple: true }) as number;
    const free = pragma('freelist_count');
    if (free * pragma('page_size') > SHRINK_ABOVE_BYTES && free * 4 > pragma('page_count')) {
      connection.attempt(() => database.pragma(`incremental_vacuum(${free})`));
    }
  };

  const evict = (options: EvictOptions): Amount => {
    const dropped = connection.write(() => {
      writeTouched();
      return dropLeastRecent(options);
    });
    touched.clear();
    knownBytes = undefined;
    if (dropped.count > 0) shrink();
    return dropped;
  };

  return {
    put: (list) => {
      if (list.length === 0) return;
      const now = Math.trunc(clock());
      let evicted = false;
      connection.write(() => {
        let added = 0;
        for (const item of list) {
          const { bytes } = item;
          const meta = item.meta === undefined ? null : JSON.stringify(item.meta);
          const id = upsert.get(
            item.kind,
            item.key,
            item.mediaType,
            meta,
            bytes.byteLength,
            hash('sha256', bytes),
            item.costMs ?? 0,
            now,
            now,
          );
          upsertBytes.run(id as number, bytes);
          added += bytes.byteLength;
        }
        writeTouched();
        if (isAboveLimit(added)) {
          const keepKeys = new Set(list.map((item) => item.key));
          evicted = dropLeastRecent({ maxBytes: maxBytes * EVICTION_TARGET, keepKeys }).count > 0;
          knownBytes = undefined;
        }
      });
      touched.clear();
      if (evicted) shrink();
    },

    get: (kind, key) => {
      const row = connection.attempt(() => select.get(kind, key));
      if (row === undefined) return undefined;
      if (row.bytes === null || hash('sha256', row.bytes) !== row.sha256) {
        if (!connection.readonly) connection.write(() => remove.run(row.id));
        return undefined;
      }
      note(kind, key);
      if (touched.size > MAX_PENDING_TOUCHES) flush();
      return {
        kind,
        key,
        bytes: row.bytes,
        mediaType: row.media_type,
        meta: row.meta === null ? null : (JSON.parse(row.meta) as Json),
        costMs: row.cost_ms,
        created: row.created,
      };
    },

    has: (kind, keys) =>
      new Set(connection.attempt(() => selectPresent.all(JSON.stringify([...keys]), kind))),

    touch: (kind, keys) => {
      for (const key of keys) note(kind, key);
      if (touched.size > MAX_PENDING_TOUCHES) flush();
    },

    flush,
    evict,

    evictAboveLimit: () => {
      const bytes = connection.attempt(() => total.get() ?? 0);
      if (bytes > maxBytes) evict({ maxBytes: maxBytes * EVICTION_TARGET });
    },

    usage: () => {
      const none: Amount = { count: 0, bytes: 0 };
      const usage: Record<ArtifactKind, Amount> = { embedding: none, latents: none, frame: none };
      for (const { kind, count, bytes } of connection.attempt(() => amounts.all())) {
        if (kind in usage) usage[kind as ArtifactKind] = { count, bytes };
      }
      return usage;
    },

    clear: () => {
      connection.write(() => removeAll.run());
      touched.clear();
      knownBytes = undefined;
    },
  };
}
