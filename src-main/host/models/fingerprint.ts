import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { writeWholeFile } from '../../files/whole-file.ts';
import { CARD_FILE, isModelText, listModelFiles, unreadable } from './model-files.ts';
import { readOnnxFile } from './onnx-file.ts';

/** Hashes of file contents. */
export interface FileHashes {
  /** Lower-case hex SHA-256 of the file's content. */
  hash(path: string): Promise<string>;
}

/**
 * SHA-256 over the relative paths and content hashes of all files that decide a picture. Two copies of a model have
 * one fingerprint, wherever they lie and whatever their README says.
 * @throws {AppError} not-found when there is no such folder, invalid-model naming a file that cannot be read.
 */
export async function fingerprintModel(
  folder: string,
  hashes: FileHashes,
  paths?: readonly string[],
): Promise<string> {
  const total = createHash('sha256').update('inbetween model fingerprint 1\n');
  for (const path of decidingFiles(folder, paths ?? (await listModelFiles(folder)))) {
    const hash = await hashes.hash(join(folder, path)).catch((cause: Error) => {
      throw unreadable(path, cause);
    });
    total.update(`${path}\0${hash}\n`);
  }
  return total.digest('hex');
}

/**
 * Those of `paths` that decide a picture: graphs, the weight files that they refer to (of any name), configurations,
 * tokenizer files, vocabularies. Sorted.
 */
export function decidingFiles(folder: string, paths: readonly string[]): string[] {
  const all = new Set(paths);
  const deciding = new Set<string>();
  for (const path of paths) {
    if (path === CARD_FILE) continue;
    if (isModelText(path) || /\.(onnx|onnx_data|model|spm)$/i.test(path)) deciding.add(path);
    if (!/\.onnx$/i.test(path)) continue;
    for (const location of weightFilesOf(join(folder, path))) {
      const weights = posix.join(posix.dirname(path), location.replaceAll('\\', '/'));
      if (all.has(weights)) deciding.add(weights);
    }
  }
  return [...deciding].sort();
}

/** None of a garbled graph: that is for the model check to say. */
function weightFilesOf(graph: string): Set<string> {
  try {
    return new Set(readOnnxFile(graph).externalData.map((tensor) => tensor.location));
  } catch {
    return new Set();
  }
}

interface Remembered {
  readonly size: number;
  readonly mtimeMs: number;
  readonly sha256: string;
}

/**
 * {@link FileHashes} that remembers what it hashed by path, size and time of change; in `storePath` as well, where
 * one is given, so that gigabytes are hashed once and not at every start.
 */
export function createFileHashes(storePath: string | null): FileHashes {
  const memory = new Map<string, Remembered>();
  const pending = new Map<string, Promise<string>>();
  let loading: Promise<void> | undefined;

  const load = (): Promise<void> => {
    loading ??= (async () => {
      if (storePath === null) return;
      for (const [path, entry] of Object.entries(await readStore(storePath))) memory.set(path, entry);
    })();
    return loading;
  };

  const hash = async (path: string): Promise<string> => {
    await load();
    const real = await realpath(path);
    const { size, mtimeMs } = await stat(real);
    const known = memory.get(real);
    if (known && known.size === size && known.mtimeMs === mtimeMs) return known.sha256;
    const sha256 = await hashFile(real);
    const entry = { size, mtimeMs, sha256 };
    memory.set(real, entry);
    if (storePath !== null && size >= WORTH_STORING) await store(storePath, real, entry);
    return sha256;
  };

  return {
    hash(path) {
      let running = pending.get(path);
      if (!running) {
        running = hash(path).finally(() => pending.delete(path));
        pending.set(path, running);
      }
      return running;
    },
  };
}

/** Smaller files are hashed faster than a store is written. */
const WORTH_STORING = 1024 * 1024;

async function readStore(path: string): Promise<Record<string, Remembered>> {
  try {
    const entries = JSON.parse(await readFile(path, 'utf8')) as Record<string, Remembered>;
    return Object.fromEntries(
      Object.entries(entries).filter(([, entry]) => /^[0-9a-f]{64}$/.test(entry.sha256)),
    );
  } catch {
    return {};
  }
}

// Read again before writing: another process may have added to it. The loser of a race hashes once more, that is all.
async function store(storePath: string, path: string, entry: Remembered): Promise<void> {
  try {
    await writeWholeFile(storePath, JSON.stringify({ ...(await readStore(storePath)), [path]: entry }));
  } catch {
    // Without a writable cache the hash is computed again at the next start.
  }
}

async function hashFile(path: string): Promise<string> {
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }))
    digest.update(chunk as Buffer);
  return digest.digest('hex');
}
