import Database from 'better-sqlite3';
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { PAGE_SIZE } from './connection.ts';
import { APPLICATION_ID, readFileHeader } from './file-header.ts';
import { migrate } from './migrate.ts';

/** Everything that SQLite may put beside a file. */
const SIDE_FILES = ['-wal', '-shm', '-journal'] as const;

/** Removes a scratch file with its side files. */
export function removeDatabase(file: string): void {
  for (const suffix of ['', ...SIDE_FILES]) rmSync(file + suffix, { force: true });
}

/**
 * Copies a damaged file and mends the copy's first page until SQLite agrees to read its tables.
 * @returns undefined when not even the list of tables can be had.
 */
export function openDamagedCopy(damaged: string, copy: string): Database.Database | undefined {
  copyFileSync(damaged, copy, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  for (const suffix of ['-wal', '-journal']) {
    if (existsSync(damaged + suffix)) copyFileSync(damaged + suffix, copy + suffix);
  }
  foldLog(copy);
  const header = readFileHeader(copy);
  if (header?.isSqlite === true && header.applicationId === APPLICATION_ID && isPageSize(header.pageSize)) {
    mendPageCount(copy, header.pageSize);
    const database = openReadable(copy);
    if (database !== undefined) return database;
  }
  replaceFirstPage(copy);
  return openReadable(copy);
}

/** Brings saved work from the log into the copy; a log that is itself damaged is given up. */
function foldLog(copy: string): void {
  try {
    const database = new Database(copy);
    try {
      database.pragma('wal_checkpoint(TRUNCATE)');
      database.pragma('journal_mode = DELETE');
    } finally {
      database.close();
    }
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
  }
  for (const suffix of SIDE_FILES) rmSync(copy + suffix, { force: true });
}

/** Makes the header promise as many pages as there are, so that a file that was cut off can be opened. */
function mendPageCount(copy: string, pageSize: number): void {
  const descriptor = openSync(copy, 'r+');
  try {
    const pages = Math.ceil(fstatSync(descriptor).size / pageSize);
    ftruncateSync(descriptor, pages * pageSize);
    const head = Buffer.alloc(100);
    readSync(descriptor, head, 0, 100, 0);
    // Rollback journal; the page count is vouched for; no free pages.
    head[18] = 1;
    head[19] = 1;
    head.writeUInt32BE(pages, 28);
    head.copy(head, 92, 24, 28);
    head.fill(0, 32, 40);
    writeSync(descriptor, head, 0, 100, 0);
  } finally {
    closeSync(descriptor);
  }
}

/** The first page holds the list of tables; a fresh file's tables begin on the same pages as those of ours. */
function replaceFirstPage(copy: string): void {
  const fresh = new Database(':memory:');
  let page: Buffer;
  try {
    fresh.pragma(`page_size = ${PAGE_SIZE}`);
    fresh.pragma('auto_vacuum = INCREMENTAL');
    migrate(fresh);
    page = fresh.serialize().subarray(0, PAGE_SIZE);
  } finally {
    fresh.close();
  }
  const descriptor = openSync(copy, 'r+');
  try {
    writeSync(descriptor, page, 0, PAGE_SIZE, 0);
  } finally {
    closeSync(descriptor);
  }
  mendPageCount(copy, PAGE_SIZE);
}

function openReadable(copy: string): Database.Database | undefined {
  let database: Database.Database | undefined;
  try {
    database = new Database(copy);
    migrate(database);
    database.prepare('SELECT name, sql FROM sqlite_schema').all();
    database.prepare('SELECT count(*) FROM document, artifact WHERE 0').all();
    return database;
  } catch (error) {
    database?.close();
    if (!(error instanceof Database.SqliteError)) throw error;
    return undefined;
  }
}

function isPageSize(value: number): boolean {
  return value >= 512 && value <= 65536 && (value & (value - 1)) === 0;
}
