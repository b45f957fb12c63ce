import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { type LearnedToken, readEmbedding } from '../../engine/embedding-files/read-embedding.ts';

/** A learned word that prompts for a model can use. */
export interface StoredEmbedding extends LearnedToken {
  readonly path: string;
  /** SHA-256 of the file; part of the keys of frames that use the word. */
  readonly file: string;
}

/** Files of textual inversion, wherever they come from. */
const ENDINGS = ['.safetensors', '.bin', '.pt'];
/** The largest are a few megabytes; what is larger is a model, and not read. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Name of the folder beside a model's components. */
export const EMBEDDINGS_FOLDER = 'embeddings';

export interface EmbeddingSources {
  /** Files that were named; errors in them are the caller's. `TOKEN=FILE` gives a file another token. */
  readonly files: readonly string[];
  /** Folders that may hold some; files that cannot be read are told and left out. */
  readonly folders: readonly string[];
  onNote(message: string): void;
}

/**
 * Learned words from files and folders. Of several for one word the first counts: named files, then the folders in
 * their order.
 * @throws {AppError} not-found or invalid-asset for a named file
 */
export async function readEmbeddings({
  files,
  folders,
  onNote,
}: EmbeddingSources): Promise<StoredEmbedding[]> {
  const found = new Map<string, StoredEmbedding>();
  const add = (embedding: StoredEmbedding): void => {
    const key = embedding.token.toLowerCase();
    if (!found.has(key)) found.set(key, embedding);
  };
  for (const named of files) add(await readEmbeddingFile(named));
  for (const folder of folders) {
    for (const name of await filesIn(folder)) {
      try {
        add(await readEmbeddingFile(join(folder, name)));
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        onNote(`${error.message} It is left out.`);
      }
    }
  }
  return [...found.values()];
}

async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => ENDINGS.includes(extname(name).toLowerCase())).sort();
}

async function readEmbeddingFile(named: string): Promise<StoredEmbedding> {
  const split = /^([^=/\\]+)=(.+)$/.exec(named);
  const [token, path] = split === null ? [undefined, named] : [split[1], split[2]!];
  const ending = extname(path).toLowerCase();
  if (!ENDINGS.includes(ending)) {
    throw new AppError(
      'invalid-input',
      `The embedding ${path} ends in "${ending}". Accepted: ${ENDINGS.join(', ')}.`,
    );
  }
  const bytes = await bytesOf(path);
  const learned = readEmbedding(bytes, basename(path, extname(path)), token);
  return { ...learned, path, file: createHash('sha256').update(bytes).digest('hex') };
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) {
      throw new AppError(
        'invalid-asset',
        `The embedding file ${path} has ${size} bytes. Accepted: up to ${MAX_BYTES}; this is something else.`,
      );
    }
    return await readFile(path);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError(
      'not-found',
      `The embedding file ${path} cannot be read: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}
