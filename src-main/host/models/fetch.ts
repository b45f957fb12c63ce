import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReadableStream } from 'node:stream/web';
import { downloadFile, HubApiError, listFiles } from '@huggingface/hub';
import { AppError, cancelledError, throwIfCancelled } from '../../../src-shared/kernel/errors.ts';
import { fileFailureOf } from '../../files/file-failure.ts';
import { checkModel } from './check.ts';
import { discoverModels } from './discover.ts';
import { fetchFile, type OpenRemote, type RemoteFile, wantedFiles } from './fetch-files.ts';
import { checkName, type ImportedModel, type ImportOptions, storageError } from './import.ts';

export interface FetchOptions extends ImportOptions {
  /** Address of the hub. */
  readonly hub: string;
  /** For private and gated repositories. */
  readonly token?: string | undefined;
}

/** A download that was begun and not ended. */
export interface PartialFetch {
  readonly repo: string;
  readonly hub: string;
  /** Bytes altogether. */
  readonly total: number;
}

const REPO = /^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/;
const STATE = '.fetch.json';

/**
 * Fetches a model from the Hugging Face hub among the user's models: only the files that an ONNX model folder needs,
 * into a folder of their own, which is checked and then renamed. What has arrived stays when it is cancelled or the
 * line breaks, and the next attempt goes on there.
 * @param repo "owner/name", or the address of its page
 * @throws {AppError} invalid-input for the name; not-found; network-failed; invalid-model with all problems in
 * `data.problems`; disk-full, read-only, storage-failed; cancelled
 */
export async function fetchModel(repo: string, options: FetchOptions): Promise<ImportedModel> {
  const id = repoId(repo, options.hub);
  const name = options.name ?? (id.split('/')[1] as string);
  const root = options.roots.find((each) => each.origin === 'user');
  if (root === undefined) throw new AppError('internal', 'There is no folder for user models.');
  await checkName(name, options.roots);
  const folder = partialFolder(root.folder, options.hub, id);
  const files = await remoteFiles(id, options);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, STATE), JSON.stringify({ repo: id, hub: options.hub, total }));
    await requireSpace(folder, total);
    let before = 0;
    for (const file of files) {
      throwIfCancelled(options.signal, 'The download');
      await fetchFile(folder, file, opener(id, options), {
        signal: options.signal,
        onBytes: (bytes) => options.onProgress?.(before + bytes, total),
      });
      before += file.size;
    }
  } catch (error) {
    throw fetchError(error, id, options, folder);
  }
  const problems = await checkModel(folder, options);
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    await rm(folder, { recursive: true, force: true });
    throw new AppError(
      'invalid-model',
      `${id} cannot be used:\n${errors.map(({ message }) => `- ${message}`).join('\n')}`,
      { data: { problems } },
    );
  }
  const target = join(root.folder, name);
  try {
    await rm(join(folder, STATE), { force: true });
    await rename(folder, target);
  } catch (error) {
    throw storageError(error, target);
  }
  const model = (await discoverModels(options.roots)).find((each) => each.name === name);
  if (model === undefined) throw new AppError('internal', `The fetched model ${target} is not found.`);
  return { model, problems };
}

/** Downloads that can be gone on with. */
export async function partialFetches(userRoot: string): Promise<PartialFetch[]> {
  const names = await readdir(userRoot).catch(() => []);
  const found = await Promise.all(
    names
      .filter((name) => name.startsWith('.fetch-'))
      .map((name) =>
        readFile(join(userRoot, name, STATE), 'utf8').then(
          (text) => JSON.parse(text) as PartialFetch,
          () => undefined,
        ),
      ),
  );
  return found.filter((each) => each !== undefined);
}

/** Throws away what has arrived of a download. */
export async function discardFetch(userRoot: string, hub: string, repo: string): Promise<void> {
  await rm(partialFolder(userRoot, hub, repo), { recursive: true, force: true });
}

function partialFolder(userRoot: string, hub: string, id: string): string {
  const key = createHash('sha256').update(`${hub}\n${id}`).digest('hex').slice(0, 16);
  return join(userRoot, `.fetch-${key}`);
}

function repoId(text: string, hub: string): string {
  const id = text
    .trim()
    .replace(`${hub}/`, '')
    .replace(/^https?:\/\/[^/]+\//, '')
    .split('/')
    .slice(0, 2)
    .join('/');
  if (REPO.test(id)) return id;
  throw new AppError(
    'invalid-input',
    `"${text}" names no repository; accepted is "owner/name", for instance "aislamov/stable-diffusion-2-1-base-onnx", or the address of its page.`,
  );
}

async function remoteFiles(id: string, options: FetchOptions): Promise<RemoteFile[]> {
  const all: RemoteFile[] = [];
  try {
    for await (const { type, path, size, oid, lfs } of listFiles({
      repo: id,
      recursive: true,
      ...hubParams(options),
    })) {
      if (type !== 'file') continue;
      all.push({
        path,
        size,
        ...(oid === undefined ? {} : { oid }),
        ...(lfs === undefined ? {} : { sha256: lfs.oid }),
      });
    }
  } catch (error) {
    throw fetchError(error, id, options, '');
  }
  const wanted = wantedFiles(all);
  const has = (end: string): boolean => wanted.some(({ path }) => path.endsWith(end));
  if (!has('model_index.json') || !has('/model.onnx')) {
    throw new AppError(
      'invalid-model',
      `${id} is no ONNX model folder: it has ${all.length} files, but ${has('model_index.json') ? 'no graph (unet/model.onnx and its like)' : 'no model_index.json'}. A folder for diffusers can be exported with models/export/export.py.`,
    );
  }
  // Small ones first: a wrong configuration shows before gigabytes have come.
  return wanted.sort((a, b) => a.size - b.size || (a.path < b.path ? -1 : 1));
}

function opener(id: string, options: FetchOptions): OpenRemote {
  return async (file, offset) => {
    const blob = await downloadFile({ repo: id, path: file.path, ...hubParams(options) });
    if (blob === null) throw new AppError('not-found', `${id} no longer has ${file.path}.`);
    const rest = offset === 0 ? blob : blob.slice(offset, file.size);
    return rest.stream() as ReadableStream<Uint8Array>;
  };
}

function hubParams({ hub, token, signal }: FetchOptions) {
  return {
    hubUrl: hub.replace(/\/+$/, ''),
    ...(token === undefined ? {} : { accessToken: token }),
    fetch: (input: Parameters<typeof fetch>[0], init?: RequestInit) =>
      fetch(input, { ...init, ...(signal === undefined ? {} : { signal }) }),
  };
}

async function requireSpace(folder: string, total: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= total) return;
  throw new AppError(
    'disk-full',
    `The model takes ${Math.ceil(total / 1e6)} MB; the disk of ${folder} has ${Math.floor((bavail * bsize) / 1e6)} MB left.`,
  );
}

function fetchError(error: unknown, id: string, options: FetchOptions, folder: string): unknown {
  if (options.signal?.aborted) return cancelledError('The download');
  if (error instanceof AppError) return error;
  const host = URL.canParse(options.hub) ? new URL(options.hub).host : options.hub;
  if (error instanceof HubApiError) {
    const { statusCode } = error;
    if (statusCode === 401 || statusCode === 403) {
      return new AppError(
        'not-found',
        `${host} has no repository ${id} that may be read without a key (${statusCode}). For private and gated ones accept the terms on its page and set HF_TOKEN.`,
        { cause: error },
      );
    }
    if (statusCode === 404)
      return new AppError('not-found', `${host} has no repository ${id}.`, { cause: error });
    return new AppError('network-failed', `${host} answered ${statusCode} for ${id}; try again later.`, {
      cause: error,
    });
  }
  const code = causeCode(error);
  const ofDisk = Object.assign(new Error(String(error)), { code });
  if (folder !== '' && fileFailureOf(ofDisk) !== undefined) return storageError(ofDisk, folder);
  return new AppError(
    'network-failed',
    `${host} cannot be reached${code === '' ? '' : ` (${code})`}. What has arrived of ${id} is kept; fetch it again when you are online.`,
    { cause: error },
  );
}

function causeCode(error: unknown): string {
  for (let each = error as { code?: unknown; cause?: unknown } | undefined; each;) {
    if (typeof each.code === 'string') return each.code;
    each = each.cause as typeof each;
  }
  return '';
}
