import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { isAboutText } from './model-files.ts';

/** A file of a repository as the hub lists it. */
export interface RemoteFile {
  readonly path: string;
  readonly size: number;
  /** Git's name of the content; for large files that of a pointer. */
  readonly oid?: string;
  /** SHA-256 of a large file. */
  readonly sha256?: string;
}

/** Levels below the repository that belong to a model: its components. */
const GRAPHS = /\.(onnx|onnx_data|onnx\.data|pb)$/i;
const TEXTS = /\.(json|txt|model|spm)$/i;

/**
 * What an ONNX model folder needs of a repository, which often holds the same weights for other frameworks too:
 * graphs with their weights, configurations, tokenizers, and the texts about them.
 */
export function wantedFiles(files: readonly RemoteFile[]): RemoteFile[] {
  const components = new Set(
    files.filter(({ path }) => /^[^/]+\/model\.onnx$/.test(path)).map(({ path }) => path.split('/')[0]),
  );
  return files.filter(({ path }) => {
    const [first = '', second, ...deeper] = path.split('/');
    if (second === undefined) {
      return first === 'model_index.json' || first === 'inbetween.json' || isAboutText(first);
    }
    if (deeper.length > 0 || first.startsWith('.') || second.startsWith('.')) return false;
    const isComponent = components.has(first);
    if (isComponent && GRAPHS.test(second)) return true;
    return (isComponent || /^(tokenizer|scheduler|feature_extractor)/.test(first)) && TEXTS.test(second);
  });
}

/** How a file's content is asked for, from `offset` on. */
export type OpenRemote = (file: RemoteFile, offset: number) => Promise<ReadableStream<Uint8Array>>;

/**
 * Fetches one file; goes on where an earlier attempt ended. It has its name only when it is whole and has the
 * content that the hub promises.
 * @param onBytes told how many bytes of it are there
 */
export async function fetchFile(
  folder: string,
  file: RemoteFile,
  open: OpenRemote,
  options: { readonly signal?: AbortSignal | undefined; onBytes(bytes: number): void },
): Promise<void> {
  const target = join(folder, ...file.path.split('/'));
  if ((await sizeOf(target)) === file.size) return options.onBytes(file.size);
  // Another content under the same path must not be continued.
  const partial = `${target}.${(file.sha256 ?? file.oid ?? 'x').slice(0, 12)}.part`;
  await mkdir(dirname(target), { recursive: true });
  let there = (await sizeOf(partial)) ?? 0;
  if (there > file.size) {
    await rm(partial);
    there = 0;
  }
  options.onBytes(there);
  if (there < file.size || file.size === 0) {
    const body = Readable.fromWeb(await open(file, there));
    body.on('data', (chunk: Uint8Array) => options.onBytes((there += chunk.byteLength)));
    const signal = options.signal === undefined ? {} : { signal: options.signal };
    await pipeline(body, createWriteStream(partial, { flags: 'a' }), signal);
  }
  if (!(await isPromised(partial, file))) {
    await rm(partial, { force: true });
    throw new AppError(
      'storage-failed',
      `${file.path} arrived damaged (its ${file.size} bytes are not those that the hub promised); fetch again.`,
    );
  }
  await rename(partial, target);
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}

async function isPromised(path: string, file: RemoteFile): Promise<boolean> {
  if ((await sizeOf(path)) !== file.size) return false;
  const isGit = file.sha256 === undefined;
  const expected = file.sha256 ?? file.oid;
  if (expected === undefined) return true;
  const hash = createHash(isGit ? 'sha1' : 'sha256');
  // Git hashes a header with the content.
  if (isGit) hash.update(`blob ${file.size}\0`);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex') === expected;
}
