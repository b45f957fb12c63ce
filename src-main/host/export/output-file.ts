import { constants } from 'node:fs';
import { access, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { folderSize } from '../../files/folder-size.ts';
import { AppError, messageOf } from '../../../src-shared/kernel/errors.ts';
import { fileFailureOf } from '../../files/file-failure.ts';
import { removeAbandonedParts, replaceWhole } from '../../files/whole-file.ts';

/** What a folder may hold to be replaced. */
export interface Replaceable {
  /** For messages: "a PNG sequence". */
  readonly what: string;
  readonly names: RegExp;
}

const PNG_SEQUENCE: Replaceable = { what: 'a PNG sequence', names: /^frame-\d+\.png$/ };

/**
 * Makes an output under a temporary name beside its final one, flushes it to disk and renames it: the final name
 * shows either the old file or the whole new one. Whatever fails, the temporary one is removed.
 * @param write gets the temporary path; for folders it exists already
 */
export async function writeWhole<T>(
  out: string,
  kind: 'file' | 'folder',
  write: (temporary: string) => Promise<T>,
  replaceable: Replaceable = PNG_SEQUENCE,
): Promise<T> {
  try {
    await checkOutput(out, kind, replaceable);
    return await replaceWhole(out, async (temporary) => {
      await removeAbandonedParts(out);
      if (kind === 'folder') await mkdir(temporary);
      const result = await write(temporary);
      if (kind === 'file') await flush(temporary);
      else await rm(out, { recursive: true, force: true });
      return result;
    });
  } catch (error) {
    throw translate(error, out);
  }
}

/**
 * Whether `out` could be written, without writing anything: for telling before hours of rendering, not after.
 * @throws {AppError} invalid-input | read-only
 */
export async function checkOutput(
  out: string,
  kind: 'file' | 'folder',
  replaceable: Replaceable = PNG_SEQUENCE,
): Promise<void> {
  const folder = await existingFolder(out);
  await access(folder, constants.W_OK).catch((error: unknown) => {
    throw translate(error, out);
  });
  if (kind === 'folder') return checkReplaceable(out, replaceable);
  const info = await stat(out).catch(() => undefined);
  if (info?.isDirectory() || out.endsWith(sep)) {
    throw new AppError('invalid-input', `${out} is a folder; the output is a file: give it another name.`);
  }
}

/** The nearest folder above the output that exists; the others are made. */
async function existingFolder(out: string): Promise<string> {
  for (let folder = dirname(out); ; folder = dirname(folder)) {
    const info = await stat(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw translate(error, out);
    });
    if (info?.isDirectory()) return folder;
    if (info !== undefined) {
      throw new AppError('invalid-input', `${out} cannot be written: ${folder} is a file, not a folder.`);
    }
    if (folder === dirname(folder)) throw new AppError('invalid-input', `${out} has no folder that exists.`);
  }
}

/** A folder is only replaced when nothing but what an earlier run has written lies in it. */
async function checkReplaceable(folder: string, { what, names: own }: Replaceable): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR')
      throw new AppError('invalid-input', `${folder} is a file; ${what} needs a folder.`);
    throw error;
  });
  const foreign = names.find((name) => !own.test(name));
  if (foreign !== undefined) {
    throw new AppError(
      'invalid-input',
      `${folder} holds other files (${foreign}); ${what} takes a new or empty folder, or one of an earlier export.`,
    );
  }
}

async function flush(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Names the cause in plain words; errors that are plain already pass. */
export function translate(error: unknown, out: string): unknown {
  if (error instanceof AppError) return error;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const message = messageOf(error);
  const failure = fileFailureOf(error);
  if (failure === 'disk-full' || /no space left/i.test(message)) {
    return new AppError('disk-full', `The disk is full: ${out} was not written.`, { cause: error });
  }
  if (failure === 'in-use') {
    const words = `${out} is open in another program (${code}): close it there, or choose another name.`;
    return new AppError('export-failed', words, { cause: error });
  }
  if (failure === 'read-only') {
    return new AppError('read-only', `${out} cannot be written: the folder is read-only (${code}).`, {
      cause: error,
    });
  }
  return new AppError('export-failed', `${out} was not written: ${message}`, { cause: error });
}

/** Bytes of a file, or of all files directly in a folder. */
export async function sizeOnDisk(path: string): Promise<number> {
  const info = await stat(path);
  return info.isDirectory() ? (await folderSize(path)).bytes : info.size;
}
