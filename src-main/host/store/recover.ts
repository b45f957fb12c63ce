import { hash } from 'node:crypto';
import Database from 'better-sqlite3';
import { existsSync, renameSync } from 'node:fs';
import { resolve } from 'node:path';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { type Connection, openConnection } from './connection.ts';
import { openDamagedCopy, removeDatabase } from './damaged-copy.ts';
import { APPLICATION_ID, readFileHeader } from './file-header.ts';
import { SCHEMA_VERSION } from './migrations/index.ts';
import { toStorageError } from './storage-errors.ts';

/** Parents before children: rows of `artifact_bytes` refer to `artifact`. */
const TABLES = [
  'document',
  'history_cursor',
  'history',
  'asset',
  'setting',
  'artifact',
  'artifact_bytes',
] as const;
type Table = (typeof TABLES)[number];

/** Row ids that are tried one by one where a part of a table cannot be walked and no index knows its rows. */
const MAX_PROBES = 2000;
const ROWS_PER_TRANSACTION = 64;

export interface Recovered {
  readonly recovered: number;
  /** Rows that are known to have been there; what an unreadable page held may not be known. */
  readonly lost: number;
}

export interface RecoveryReport {
  /** Whether the document itself was saved; without it only pictures and cached frames are left. */
  readonly document: boolean;
  readonly history: Recovered;
  readonly assets: Recovered;
  readonly artifacts: Recovered;
  readonly settings: Recovered;
}

type Row = Record<string, unknown>;

/**
 * Reads what can be read of a damaged project, row by row, into a new file; what does not have the hash it was
 * stored with is left out. The damaged file is only read.
 * @throws {AppError} when the new file exists, when the damaged one is missing or of a newer version, or when nothing
 * of a project is found in it.
 */
export function recoverInto(damagedFile: string, newFile: string): RecoveryReport {
  const source = resolve(damagedFile);
  const target = resolve(newFile);
  if (existsSync(target)) {
    throw new AppError('invalid-input', `${target} exists already; name a new file to recover into.`);
  }
  const copy = `${target}.damaged-copy`;
  const draft = `${target}.recovering`;
  try {
    const header = readFileHeader(source);
    if (header === undefined) throw new AppError('not-found', `There is no file ${source} to recover.`);
    if (header.isSqlite && header.applicationId === APPLICATION_ID && header.userVersion > SCHEMA_VERSION) {
      throw new AppError(
        'project-newer',
        `${source} was written by a newer Inbetween; update to recover it.`,
      );
    }
    removeDatabase(copy);
    removeDatabase(draft);
    const report = recoverThrough(source, copy, draft);
    renameSync(draft, target);
    return report;
  } catch (error) {
    removeDatabase(draft);
    throw toStorageError(error, target);
  } finally {
    removeDatabase(copy);
  }
}

function recoverThrough(source: string, copy: string, draft: string): RecoveryReport {
  const from = openDamagedCopy(source, copy);
  if (from === undefined) throw nothingFound(source);
  const into = openConnection(draft, { create: true });
  try {
    const counts = {} as Record<Table, Recovered>;
    for (const table of TABLES) counts[table] = copyTable(from, into, table);
    const artifacts = dropBareArtifacts(into, counts.artifact);
    const history = keepUsableHistory(into, counts.history);
    const report: RecoveryReport = {
      document: counts.document.recovered === 1,
      history,
      assets: counts.asset,
      artifacts,
      settings: counts.setting,
    };
    if (!report.document && artifacts.recovered + report.assets.recovered === 0) throw nothingFound(source);
    return report;
  } finally {
    from.close();
    into.close();
  }
}

function copyTable(from: Database.Database, into: Connection, table: Table): Recovered {
  const { database } = into;
  const columns = (database.pragma(`table_info(${table})`) as { name: string }[]).map(({ name }) => name);
  const insert = database.prepare(
    `INSERT OR REPLACE INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  const expectedHash = database
    .prepare<[unknown], string>('SELECT sha256 FROM artifact WHERE id = ?')
    .pluck();
  const read = prepareIfReadable(
    from,
    `SELECT ${columns.join(', ')} FROM ${table} NOT INDEXED WHERE rowid = ?`,
  );
  if (read === undefined) return { recovered: 0, lost: 0 };
  let recovered = 0;
  let lost = 0;

  const copyRow = (rowid: number): void => {
    try {
      const row = read.get(rowid) as Row | undefined;
      if (row === undefined) return;
      const expected =
        table === 'asset' ? row.sha256 : table === 'artifact_bytes' ? expectedHash.get(row.artifact) : null;
      if (expected !== null && hash('sha256', row.bytes as Buffer) !== expected) lost += 1;
      else {
        insert.run(...columns.map((name) => row[name]));
        recovered += 1;
      }
    } catch (error) {
      // An unreadable row, or one whose values break the schema's rules; a full disk ends it all.
      if (!isBadRow(error)) throw error;
      lost += 1;
    }
  };

  const { rowids, gap } = findRowids(from, table);
  for (let start = 0; start < rowids.length; start += ROWS_PER_TRANSACTION) {
    into.write(() => rowids.slice(start, start + ROWS_PER_TRANSACTION).forEach(copyRow));
  }
  if (gap !== undefined) {
    const known = new Set(rowids);
    into.write(() => {
      const before = lost;
      const end = Math.min(gap.before, gap.after + MAX_PROBES);
      for (let rowid = gap.after + 1; rowid < end; rowid += 1) if (!known.has(rowid)) copyRow(rowid);
      // A probe that fails says that a page is unreadable, not that there was such a row.
      lost = before;
    });
  }
  return { recovered, lost };
}

interface FoundRowids {
  readonly rowids: readonly number[];
  /** Row ids between which the table could not be walked, both exclusive. */
  readonly gap: { readonly after: number; readonly before: number } | undefined;
}

/** Walks a table from both ends, and its indexes, as far as each goes. */
function findRowids(from: Database.Database, table: Table): FoundRowids {
  const found = new Set<number>();
  const walk = (sql: string): { last: number | undefined; isWhole: boolean } => {
    let last: number | undefined;
    try {
      for (const rowid of from.prepare<[], number>(sql).pluck().iterate()) {
        found.add(rowid);
        last = rowid;
      }
      return { last, isWhole: true };
    } catch (error) {
      if (!(error instanceof Database.SqliteError)) throw error;
      return { last, isWhole: false };
    }
  };
  const up = walk(`SELECT rowid FROM ${table} NOT INDEXED ORDER BY rowid`);
  let gap: FoundRowids['gap'];
  if (!up.isWhole) {
    const down = walk(`SELECT rowid FROM ${table} NOT INDEXED ORDER BY rowid DESC`);
    for (const index of indexesOf(from, table)) walk(`SELECT rowid FROM ${table} INDEXED BY ${index}`);
    gap = { after: up.last ?? 0, before: down.last ?? Number.MAX_SAFE_INTEGER };
  }
  return { rowids: [...found].sort((a, b) => a - b), gap };
}

function indexesOf(from: Database.Database, table: Table): string[] {
  return from
    .prepare<[string], string>("SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?")
    .pluck()
    .all(table);
}

function prepareIfReadable(from: Database.Database, sql: string): Database.Statement | undefined {
  try {
    return from.prepare(sql);
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
    return undefined;
  }
}

function isBadRow(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError) return true;
  return (
    error instanceof Database.SqliteError &&
    /^SQLITE_(CORRUPT|CONSTRAINT|IOERR_SHORT_READ|MISMATCH|TOOBIG)/.test(error.code)
  );
}

function dropBareArtifacts(into: Connection, { recovered, lost }: Recovered): Recovered {
  const { changes } = into.write(() =>
    into.database.prepare('DELETE FROM artifact WHERE id NOT IN (SELECT artifact FROM artifact_bytes)').run(),
  );
  return { recovered: recovered - changes, lost: lost + changes };
}

/** Steps are diffs against their neighbours: only those that reach the document without a gap are of use. */
function keepUsableHistory(into: Connection, { recovered, lost }: Recovered): Recovered {
  const { database } = into;
  return into.write(() => {
    const number = (sql: string): number | undefined => database.prepare<[], number>(sql).pluck().get();
    const revision = number('SELECT revision FROM document');
    const positions = new Set(database.prepare<[], number>('SELECT position FROM history').pluck().all());
    const newest = database
      .prepare<[], { position: number; revision: number }>(
        'SELECT position, revision FROM history ORDER BY position DESC LIMIT 1',
      )
      .get();
    let cursor = number('SELECT position FROM history_cursor') ?? 0;
    // A fresh file's cursor stands at 0; where the damaged one's was lost, the newest step may still vouch for it.
    if (cursor === 0 && newest !== undefined && newest.revision === revision) cursor = newest.position;
    let first = cursor + 1;
    let last = cursor;
    if (revision !== undefined) {
      while (positions.has(first - 1)) first -= 1;
      while (positions.has(last + 1)) last += 1;
    }
    const dropped = database
      .prepare('DELETE FROM history WHERE position < ? OR position > ?')
      .run(first, last).changes;
    const kept = recovered - dropped;
    database
      .prepare('INSERT OR REPLACE INTO history_cursor (id, position) VALUES (1, ?)')
      .run(kept === 0 ? 0 : cursor);
    return { recovered: kept, lost: lost + dropped };
  });
}

function nothingFound(file: string): AppError {
  return new AppError(
    'project-damaged',
    `Nothing of an Inbetween project could be read from ${file}. It was left as it is.`,
    { data: { file, reason: 'nothing-recovered' } },
  );
}
