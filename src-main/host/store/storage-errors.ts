import Database from 'better-sqlite3';
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { AppError, messageOf } from '../../../src-shared/kernel/errors.ts';
import { fileFailureOf } from '../../files/file-failure.ts';

/** With less than this free, a failed write is put down to the full disk (SQLite needs space for its own files). */
const NEARLY_FULL_BYTES = 1 << 20;

/** Turns what SQLite and the file system throw into an {@link AppError} that names the file; passes others on. */
export function toStorageError(error: unknown, file: string): unknown {
  if (error instanceof AppError) return error;
  const code = codeOf(error);
  if (code === undefined) return error;
  const failure = fileFailureOf(error);
  const options = { data: { file, reason: code }, cause: error };
  if (code === 'SQLITE_FULL' || failure === 'disk-full' || (isWriteFailure(code) && isNearlyFull(file))) {
    return new AppError(
      'disk-full',
      `There is no space left to write ${file}. Nothing that was saved before is lost: free some space and try again.`,
      options,
    );
  }
  if (code.startsWith('SQLITE_READONLY') || failure === 'read-only') {
    return new AppError(
      'read-only',
      `${file} cannot be written: the file or its folder is read-only. Copy it to a folder where you may write.`,
      options,
    );
  }
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB')
    return damagedError(file, messageOf(error), error);
  if (failure === 'in-use') {
    return new AppError(
      'storage-failed',
      `${file} is open in another program (${code}). Close it there and try again.`,
      options,
    );
  }
  if (code.startsWith('SQLITE_BUSY') || code === 'SQLITE_LOCKED') {
    return new AppError(
      'storage-failed',
      `${file} is being written by another process that does not finish. Close the other one and try again.`,
      options,
    );
  }
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new AppError(
      'not-found',
      `There is no ${file}, or a folder on the way to it is missing.`,
      options,
    );
  }
  if (code === 'EISDIR')
    return new AppError('invalid-input', `${file} is a folder, not a project file.`, options);
  if (code.startsWith('SQLITE_CONSTRAINT')) {
    return new AppError('internal', `${file} did not take a value: ${messageOf(error)}.`, options);
  }
  return new AppError(
    'storage-failed',
    `${file} could not be read or written: ${messageOf(error)} (${code}).`,
    options,
  );
}

/** The error for a file that is ours and broken; it says what can be done. */
export function damagedError(file: string, how: string, cause?: unknown): AppError {
  return new AppError(
    'project-damaged',
    `${file} is damaged: ${how}. It was left as it is; what can be read of it can be recovered into a copy.`,
    { data: { file, reason: 'damaged' }, cause },
  );
}

function codeOf(error: unknown): string | undefined {
  if (error instanceof Database.SqliteError) return error.code;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^E[A-Z]+$/.test(code) ? code : undefined;
}

function isWriteFailure(code: string): boolean {
  return code.startsWith('SQLITE_IOERR') || code.startsWith('SQLITE_CANTOPEN');
}

function isNearlyFull(file: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(file));
    return bavail * bsize < NEARLY_FULL_BYTES;
  } catch {
    // Where the folder cannot even be asked, the original failure is the better answer.
    return false;
  }
}
