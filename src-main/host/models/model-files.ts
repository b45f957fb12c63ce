import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../src-shared/kernel/errors.ts';

/** Levels of folders below a model folder that are looked into: its components. */
const DEPTH = 1;

/** Texts about a model rather than of it: they may change without changing a picture. */
const ABOUT = /^(readme|license|licence|notice|copying|changelog|authors|citation)\b/i;

/** A file of ours with defaults, title and credits; read, but never part of a picture. */
export const CARD_FILE = 'inbetween.json';

/**
 * Paths of the files below the model folder that may matter, relative, with forward slashes, sorted. Hidden files and
 * texts about the model are left out; links are followed, as caches of downloaded models consist of them.
 * @throws {AppError} not-found when there is no such folder.
 */
export async function listModelFiles(folder: string): Promise<string[]> {
  const found: string[] = [];
  const visit = async (relative: string, depth: number): Promise<void> => {
    const entries = await readdir(join(folder, relative), { withFileTypes: true });
    for (const entry of entries) {
      if (entry.name.startsWith('.') || isAboutText(entry.name)) continue;
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (await isFolder(folder, path, entry)) {
        if (depth < DEPTH) await visit(path, depth + 1);
      } else {
        found.push(path);
      }
    }
  };
  try {
    await visit('', 0);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw cause;
    throw new AppError('not-found', `There is no model folder ${folder}.`, { cause });
  }
  return found.sort();
}

async function isFolder(
  folder: string,
  path: string,
  entry: { isDirectory(): boolean; isSymbolicLink(): boolean },
): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return readdir(join(folder, path)).then(
    () => true,
    () => false,
  );
}

/** READMEs, licences and the like. */
export function isAboutText(name: string): boolean {
  return ABOUT.test(name);
}

/** Whether the engine reads the file as text: JSON, vocabularies and merges. */
export function isModelText(path: string): boolean {
  if (path === CARD_FILE) return true;
  if (!path.includes('/')) return path === 'model_index.json';
  return /\.(json|txt)$/i.test(path) && !/\.index\.json$/i.test(path);
}

/**
 * A text of a model folder, without the byte-order mark that some editors leave.
 * @throws {AppError} invalid-model for one that cannot be read, such as a link to a file that is gone
 */
export async function readModelText(folder: string, path: string): Promise<string> {
  const text = await readFile(join(folder, path), 'utf8').catch((cause: Error) => {
    throw unreadable(path, cause);
  });
  return text.replace(/^\uFEFF/, '');
}

/** What a file of a model folder that cannot be read is refused with. */
export function unreadable(path: string, cause: Error): AppError {
  return new AppError('invalid-model', `${path} of the model folder cannot be read: ${cause.message}.`, {
    cause,
  });
}
