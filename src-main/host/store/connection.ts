import Database from 'better-sqlite3';
import { accessSync, constants, existsSync, realpathSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { APPLICATION_ID, type FileHeader, readFileHeader } from './file-header.ts';
import { migrate } from './migrate.ts';
import { openPrivateCopy } from './private-copy.ts';
import { SCHEMA_VERSION } from './migrations/index.ts';
import { damagedError, toStorageError } from './storage-errors.ts';

/** How long a writer waits for another process's transaction; ours take milliseconds. */
const BUSY_TIMEOUT_MS = 10_000;
/** Bytes. Pictures and tensors are read whole: larger pages mean shorter overflow chains. */
export const PAGE_SIZE = 8192;
/** A write-ahead log that grew beyond this is cut back when it is reused. */
const WAL_LIMIT_BYTES = 64 << 20;

/** An open project or cache file. Whoever opened it closes it. */
export interface Connection {
  /** Absolute path, links resolved. */
  readonly file: string;
  readonly database: Database.Database;
  readonly readonly: boolean;
  /** Runs `work` and turns failures of storage into AppErrors. */
  attempt<T>(work: () => T): T;
  /** Like `attempt`, in one transaction that is rolled back when `work` throws. May be nested. */
  write<T>(work: () => T): T;
  /**
   * Folds the write-ahead log into the file and closes it.
   * @returns false when side files had to stay: another process has it open, or the disk is full. They hold saved
   * work and are folded in by the next one who opens the file.
   */
  close(): boolean;
}

export interface ConnectionOptions {
  /** Makes the file when it is missing or empty. */
  readonly create?: boolean;
  /** Reads only; works on write-protected media. */
  readonly readonly?: boolean;
}

/**
 * Opens a file of ours, bringing an older one to the current version.
 * @throws {AppError} `not-found`, `invalid-input` (not a project), `project-newer`, `project-damaged`, `read-only`,
 * `disk-full`, `storage-failed`. A file that is refused is left byte for byte as it was.
 */
export function openConnection(path: string, options: ConnectionOptions = {}): Connection {
  const file = resolveLinks(path);
  try {
    return options.readonly === true ? openForReading(file) : openForWriting(file, options.create === true);
  } catch (error) {
    throw toStorageError(error, file);
  }
}

function openForReading(file: string): Connection {
  const header = checkedHeader(file);
  if (header === undefined) throw notFound(file);
  if (header.isEmpty) throw emptyFile(file);
  const { database, release } = openDatabaseForReading(file);
  try {
    database.pragma('trusted_schema = OFF');
    const version = checkedVersion(database, file);
    if (version < SCHEMA_VERSION) {
      throw new AppError(
        'read-only',
        `${file} has the older format ${version} and must be brought to ${SCHEMA_VERSION} before it can be read: open it once where it may be written.`,
        { data: { file } },
      );
    }
    checkContents(database, file);
    return connection(file, database, { readonly: true, release });
  } catch (error) {
    database.close();
    release();
    throw error;
  }
}

function openDatabaseForReading(file: string): { database: Database.Database; release: () => void } {
  const database = new Database(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  try {
    // The first reading is what fails.
    checkedVersion(database, file);
    return { database, release: () => {} };
  } catch (error) {
    database.close();
    // A file that was left in write-ahead mode wants a side file even for reading. Where none can be made nobody
    // is writing, and a private copy shows the same.
    if (!(error instanceof Database.SqliteError) || !/^SQLITE_(CANTOPEN|READONLY)/.test(error.code))
      throw error;
    return openPrivateCopy(file);
  }
}

function openForWriting(file: string, create: boolean): Connection {
  const header = checkedHeader(file);
  if (header === undefined && !create) throw notFound(file);
  if (header?.isEmpty === true && !create) throw emptyFile(file);
  accessSync(dirname(file), constants.R_OK | constants.W_OK | constants.X_OK);
  if (header !== undefined) accessSync(file, constants.R_OK | constants.W_OK);
  // Opening to write folds a log that a killed process left into the file; a newer file must not be touched so.
  if (header !== undefined && existsSync(`${file}-wal`)) refuseNewerLog(file);

  const database = new Database(file, { fileMustExist: !create, timeout: BUSY_TIMEOUT_MS });
  try {
    database.pragma('trusted_schema = OFF');
    database.pragma('cell_size_check = ON');
    const isEmpty = database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0;
    if (isEmpty && !create) throw emptyFile(file);
    if (isEmpty) {
      // Both take effect on a file without pages only.
      database.pragma(`page_size = ${PAGE_SIZE}`);
      database.pragma('auto_vacuum = INCREMENTAL');
    } else {
      checkedVersion(database, file);
    }
    migrate(database);
    checkContents(database, file);
    enterWalMode(database);
    database.pragma('synchronous = NORMAL');
    database.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`);
    return connection(file, database, { readonly: false, release: () => {} });
  } catch (error) {
    database.close();
    if (header === undefined && readFileHeader(file)?.isEmpty === true) rmSync(file);
    throw error;
  }
}

function connection(
  file: string,
  database: Database.Database,
  { readonly, release }: { readonly: boolean; release: () => void },
): Connection {
  const transaction = database.transaction((work: () => unknown) => work());
  const inode = inodeOf(file);
  const attempt = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw toStorageError(error, file);
    }
  };
  return {
    file,
    database,
    readonly,
    attempt,
    write: <T>(work: () => T): T => {
      if (readonly) {
        throw new AppError('read-only', `${file} was opened for reading only; nothing can be saved in it.`, {
          data: { file },
        });
      }
      return attempt(() => transaction.immediate(work) as T);
    },
    close: () => {
      if (!database.open) return true;
      // Where another file took this one's place, the log under this name is no longer ours to remove.
      if (!readonly && inodeOf(file) === inode) leaveWalMode(database);
      database.close();
      release();
      return !existsSync(`${file}-wal`);
    },
  };
}

/** Everything that can be refused without opening the file as a database. */
function checkedHeader(file: string): FileHeader | undefined {
  const header = readFileHeader(file);
  if (header === undefined || header.isEmpty) return header;
  if (!header.isSqlite) {
    throw new AppError(
      'invalid-input',
      `${file} is not an Inbetween project (or its beginning is damaged). A .inbetween file is expected.`,
      { data: { file, reason: 'not-a-database' } },
    );
  }
  if (header.applicationId !== APPLICATION_ID) {
    throw new AppError(
      'invalid-input',
      `${file} is a database of another application, not an Inbetween project. A .inbetween file is expected.`,
      { data: { file, reason: 'foreign' } },
    );
  }
  if (header.userVersion > SCHEMA_VERSION) throw newerError(file, header.userVersion);
  // Looked at twice: a process that just closed the file may have made it longer in between.
  if (missingBytes(file, header) > 0) {
    const missing = missingBytes(file, readFileHeader(file));
    if (missing > 0) throw damagedError(file, `it was cut off, its last ${missing} bytes are missing`);
  }
  return header;
}

/** Bytes that the header promises and that are neither there nor in a log. */
function missingBytes(file: string, header: FileHeader | undefined): number {
  if (header === undefined || existsSync(`${file}-wal`) || existsSync(`${file}-journal`)) return 0;
  return header.pages * header.pageSize - header.size;
}

function checkedVersion(database: Database.Database, file: string): number {
  const version = database.pragma('user_version', { simple: true }) as number;
  if (version > SCHEMA_VERSION) throw newerError(file, version);
  return version;
}

function refuseNewerLog(file: string): void {
  const database = new Database(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  try {
    checkedVersion(database, file);
  } finally {
    database.close();
  }
}

/** Reads the schema and the document's page, so that common damage shows when the file is opened. */
function checkContents(database: Database.Database, file: string): void {
  database.prepare('SELECT count(*) FROM sqlite_schema').get();
  try {
    database.prepare('SELECT revision, length(json) FROM document').all();
    database.prepare('SELECT position FROM history_cursor').all();
    database.prepare('SELECT id FROM artifact LIMIT 1').all();
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code === 'SQLITE_ERROR') {
      throw damagedError(file, `a table is missing or altered (${error.message})`, error);
    }
    throw error;
  }
}

/**
 * The change of mode does not wait for other processes as a transaction does, hence the retries. A file system
 * without shared memory (some network drives) keeps its rollback journal; that is slower, not less safe.
 */
function enterWalMode(database: Database.Database): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let attempt = 0; ; attempt += 1) {
    try {
      database.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      const isBusy = error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
      if (!isBusy || attempt >= 200) throw error;
      Atomics.wait(pause, 0, 0, 10);
    }
  }
}

function leaveWalMode(database: Database.Database): void {
  try {
    database.pragma('busy_timeout = 0');
    database.pragma('wal_checkpoint(TRUNCATE)');
    database.pragma('journal_mode = DELETE');
  } catch (error) {
    // Another process still has the file, or the disk is full: the log stays, with everything saved in it.
    if (!(error instanceof Database.SqliteError)) throw error;
  }
}

function inodeOf(file: string): bigint | undefined {
  return statSync(file, { bigint: true, throwIfNoEntry: false })?.ino;
}

function resolveLinks(path: string): string {
  const file = resolve(path);
  try {
    return realpathSync(file);
  } catch {
    // Not there yet.
    return file;
  }
}

function notFound(file: string): AppError {
  return new AppError('not-found', `There is no project ${file}.`, { data: { file } });
}

function emptyFile(file: string): AppError {
  return damagedError(file, 'it is empty (0 bytes)');
}

function newerError(file: string, version: number): AppError {
  return new AppError(
    'project-newer',
    `${file} was written by a newer Inbetween (format ${version}; this one reads up to ${SCHEMA_VERSION}). Update Inbetween to open it; the file was left untouched.`,
    { data: { file, version, supported: SCHEMA_VERSION } },
  );
}
