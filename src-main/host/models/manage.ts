import { randomUUID } from 'node:crypto';
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { discoverModels, type InstalledModel, type ModelRoot } from './discover.ts';
import { checkName, storageError } from './import.ts';
import { listModelFiles } from './model-files.ts';

/** Bytes of the files of a model folder that matter. */
export async function modelBytes(folder: string): Promise<number> {
  const sizes = await Promise.all(
    (await listModelFiles(folder)).map(async (path) => (await stat(join(folder, path))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/**
 * Gives a model of the user's another name.
 * @throws {AppError} not-found; invalid-input for a name that cannot be or is taken, and for models that come with
 * the product; read-only, storage-failed
 */
export async function renameModel(
  name: string,
  to: string,
  roots: readonly ModelRoot[],
): Promise<InstalledModel> {
  const model = await userModel(name, roots, 'renamed');
  if (to.toLowerCase() !== name.toLowerCase()) await checkName(to, roots);
  const target = join(model.folder, '..', to);
  try {
    await rename(model.folder, target);
  } catch (error) {
    throw storageError(error, target);
  }
  return { ...model, name: to, folder: target };
}

/**
 * Deletes a model of the user's; it is gone at once for everybody, before its files are.
 * @throws {AppError} as {@link renameModel}
 */
export async function removeModel(name: string, roots: readonly ModelRoot[]): Promise<void> {
  const model = await userModel(name, roots, 'removed');
  const grave = join(model.folder, '..', `.removed-${randomUUID()}`);
  try {
    await rename(model.folder, grave);
    await rm(grave, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    throw storageError(error, model.folder);
  }
}

async function userModel(name: string, roots: readonly ModelRoot[], what: string): Promise<InstalledModel> {
  const installed = await discoverModels(roots);
  const model = installed.find((each) => each.name === name);
  if (model === undefined) {
    const mine = installed.filter(({ origin }) => origin === 'user').map((each) => each.name);
    throw new AppError(
      'not-found',
      `There is no model "${name}"; models of yours are ${mine.join(', ') || 'none'}.`,
    );
  }
  if (model.origin === 'user') return model;
  throw new AppError('invalid-input', `"${name}" comes with Inbetween and cannot be ${what}.`);
}
