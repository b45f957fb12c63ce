import { resolve } from 'node:path';
import { fingerprintModel, type FileHashes } from './fingerprint.ts';
import { isModelText, listModelFiles, readModelText } from './model-files.ts';

/** Everything about a model folder except its weights. */
export interface ReadModel {
  /** Absolute path. */
  readonly folder: string;
  /** SHA-256 over all files that decide a picture; part of every cache key. */
  readonly fingerprint: string;
  /** Texts of its JSON and text files by path relative to the folder, with forward slashes. */
  readonly files: Readonly<Record<string, string>>;
  /** For each component folder whether its `model.onnx` exists. */
  readonly components: Readonly<Record<string, boolean>>;
}

/**
 * Reads a model folder. Cheap when nothing changed: weights are hashed once per change.
 * @throws {AppError} not-found when there is no such folder, invalid-model naming a file that cannot be read.
 */
export async function readModel(folder: string, hashes: FileHashes): Promise<ReadModel> {
  const absolute = resolve(folder);
  const paths = await listModelFiles(absolute);
  const [fingerprint, files] = await Promise.all([
    fingerprintModel(absolute, hashes, paths),
    readTexts(absolute, paths),
  ]);
  return { folder: absolute, fingerprint, files, components: componentsOf(paths) };
}

/** Texts of a model folder by relative path. */
async function readTexts(
  folder: string,
  paths: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const texts = paths.filter(isModelText);
  return Object.fromEntries(
    await Promise.all(texts.map(async (path) => [path, await readModelText(folder, path)] as const)),
  );
}

export function componentsOf(paths: readonly string[]): Readonly<Record<string, boolean>> {
  const components: Record<string, boolean> = {};
  for (const path of paths) {
    const [component, file] = path.split('/');
    if (component === undefined || file === undefined) continue;
    components[component] = components[component] === true || file === 'model.onnx';
  }
  return components;
}
