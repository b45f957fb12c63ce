import { hash as digest } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { AppError } from '../../src-shared/kernel/errors.ts';
import { parseDocument } from '../../src-shared/model/document.ts';
import type { ProjectDocument } from '../../src-shared/model/document-types.ts';
import { documentAssets, isAssetPath } from '../../src-shared/model/asset-references.ts';
import type { PictureSize } from '../engine/frame-pictures.ts';
import type { RgbImage } from '../engine/ports.ts';
import { fittedPictures } from './fitted-pictures.ts';
import { decodeImage, fitImage } from './render/frame-codec.ts';
import { soundAsset } from './sounds.ts';
import { removeDatabase } from './store/damaged-copy.ts';
import { openCache } from './store/cache-store.ts';
import { openStore, type Store } from './store/project-store.ts';
import type { ArtifactStore, AssetInput } from './store/store-types.ts';

/** A project that is open for reading and rendering, whichever kind of file it came from. */
export interface Project {
  /** Absolute path of the `.inbetween` or `.json` file. */
  readonly file: string;
  readonly document: ProjectDocument;
  /** Where its frames are kept: the project file itself, or the user's shared cache for JSON projects. */
  readonly cache: ArtifactStore;
  /** The `.inbetween` file's store; undefined for JSON projects. */
  readonly store: Store | undefined;
  /** SHA-256 of the pictures that the document names by path. */
  readonly assetKeys: ReadonlyMap<string, string>;
  /** A picture of the project, scaled and cropped to a size or as it is. */
  asset(sha256: string, size: PictureSize): Promise<RgbImage>;
  close(): void;
}

export interface OpenProjectOptions {
  readonly clock: () => number;
  /** File of the shared cache, and the most bytes its artifacts may take. */
  readonly sharedCache: string;
  readonly maxCacheBytes: number;
  readonly readonly?: boolean;
  readonly onNote?: (message: string) => void;
}

const PROJECT_ENDINGS = ['.inbetween', '.json'] as const;

/**
 * Opens a project file by its ending.
 * @throws {AppError} not-found | invalid-input | invalid-document | project-newer | project-damaged | read-only
 */
export async function openProject(path: string, options: OpenProjectOptions): Promise<Project> {
  const file = resolve(path);
  switch (extname(file).toLowerCase()) {
    case '.json':
      return openJsonProject(file, options);
    case '.inbetween':
      return openStoredProject(file, options);
    default:
      throw new AppError(
        'invalid-input',
        `${path} is no project file: it ends in ${extname(file) || 'nothing'}; accepted are ${PROJECT_ENDINGS.join(' and ')}.`,
      );
  }
}

/**
 * The document of a JSON project file.
 * @throws {AppError} not-found | invalid-document naming the file and what is wrong with it
 */
export async function readDocument(file: string): Promise<ProjectDocument> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new AppError('not-found', `There is no file ${file}.`);
    throw new AppError('invalid-input', `${file} cannot be read: ${error.message}`, { cause: error });
  });
  return parseDocumentText(decodeUtf8(bytes, file), file);
}

/** @throws {AppError} invalid-document naming `name` when the text is no JSON or no document */
export function parseDocumentText(text: string, name: string): ProjectDocument {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new AppError('invalid-document', `${name} is not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
  try {
    return parseDocument(json);
  } catch (error) {
    if (error instanceof AppError)
      throw new AppError(error.code, `${name}: ${error.message}`, { data: error.data });
    throw error;
  }
}

function decodeUtf8(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new AppError('invalid-document', `${name} is not UTF-8 text; save it as UTF-8.`, { cause: error });
  }
}

async function openJsonProject(file: string, options: OpenProjectOptions): Promise<Project> {
  const document = await readDocument(file);
  const assetKeys = new Map<string, string>();
  const files = new Map<string, string>();
  for (const reference of documentAssets(document).filter(isAssetPath)) {
    const path = resolve(dirname(file), reference);
    const hash = digest('sha256', await readAssetFile(path, reference), 'hex');
    assetKeys.set(reference, hash);
    files.set(hash, path);
  }
  const cache = openCache(options.sharedCache, {
    clock: options.clock,
    maxBytes: options.maxCacheBytes,
    ...(options.onNote === undefined ? {} : { onNote: options.onNote }),
  });
  return {
    file,
    document,
    cache,
    store: undefined,
    assetKeys,
    asset: fittedAssets(async (sha256) => {
      const path = files.get(sha256);
      if (path === undefined) throw missingAsset(sha256, file);
      return { name: path, bytes: await readAssetFile(path, path) };
    }),
    close: () => void cache.close(),
  };
}

async function openStoredProject(file: string, options: OpenProjectOptions): Promise<Project> {
  const store = openStore(file, { clock: options.clock, readonly: options.readonly ?? false });
  try {
    const stored = store.document();
    if (stored === undefined) {
      throw new AppError(
        'invalid-document',
        `${file} holds no document yet; make one with "project from-json".`,
      );
    }
    return {
      file,
      document: parseDocumentText(stored.json, file),
      cache: store,
      store,
      assetKeys: new Map(store.listAssets().map((asset) => [asset.name, asset.sha256])),
      asset: fittedAssets(async (sha256) => {
        const asset = store.getAsset(sha256);
        if (asset === undefined) throw missingAsset(sha256, file);
        return asset;
      }),
      close: () => void store.close(),
    };
  } catch (error) {
    store.close();
    throw error;
  }
}

function readAssetFile(path: string, reference: string): Promise<Uint8Array> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new AppError('invalid-asset', `${reference} cannot be read: ${error.message}`, {
      cause: error,
    });
  });
}

function missingAsset(sha256: string, file: string): AppError {
  return new AppError('invalid-asset', `${file} uses a picture that is not in the project (${sha256}).`);
}

function fittedAssets(
  load: (sha256: string) => Promise<{ name: string; bytes: Uint8Array }>,
): Project['asset'] {
  const pictures = fittedPictures();
  return (sha256, size) =>
    pictures(size === 'whole' ? sha256 : `${sha256} ${size.width}x${size.height}`, async () => {
      const { name, bytes } = await load(sha256);
      const image = await decodeImage(bytes, name);
      return size === 'whole' ? image : fitImage(image, size.width, size.height);
    });
}

/**
 * Writes a JSON project and the pictures it names into a new `.inbetween` file; where that fails, there is none.
 * @throws {AppError} invalid-input when the file exists, invalid-asset when a picture cannot be read
 */
export async function importDocument(
  document: ProjectDocument,
  /** Folder that the document's paths start from. */
  folder: string,
  out: string,
  clock: () => number,
  /** Sounds that the document names by their content. */
  sounds: readonly AssetInput[] = [],
): Promise<void> {
  const assets: AssetInput[] = [...sounds];
  for (const reference of documentAssets(document).filter(isAssetPath)) {
    const path = join(folder, reference);
    const bytes = await readAssetFile(path, reference);
    const { width, height } = await decodeImage(bytes, path);
    assets.push({
      name: reference,
      bytes,
      width,
      height,
      mediaType: MEDIA_TYPES[extname(path).toLowerCase()] ?? 'image/png',
    });
  }
  const sound = document.audio?.asset;
  if (sound !== undefined && isAssetPath(sound)) {
    assets.push(soundAsset(sound, await readAssetFile(join(folder, sound), sound)));
  }
  let isOurs = !existsSync(out);
  const store = openStore(out, { create: true, clock });
  try {
    store.transact(() => {
      const revision = store.document()?.revision ?? 0;
      if (revision > 0) {
        isOurs = false;
        throw new AppError(
          'invalid-input',
          `${basename(out)} holds a project already; give the name of a new file.`,
        );
      }
      for (const asset of assets) store.putAsset(asset);
      store.saveDocument(JSON.stringify(document), { expectedRevision: revision });
    });
  } catch (error) {
    store.close();
    if (isOurs) removeDatabase(out);
    throw error;
  } finally {
    store.close();
  }
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.gif': 'image/gif',
};
