import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AppError, throwIfCancelled, messageOf } from '../../../src-shared/kernel/errors.ts';
import { fileFailureOf } from '../../files/file-failure.ts';
import { checkModel, type ModelCheckOptions, type ModelProblem } from './check.ts';
import { discoverModels, type InstalledModel, type ModelRoot } from './discover.ts';
import { createFileHashes, decidingFiles, fingerprintModel } from './fingerprint.ts';
import { CARD_FILE, isAboutText, listModelFiles } from './model-files.ts';

export interface ImportOptions extends ModelCheckOptions {
  /** Roots of the installed models; the one of origin `user` receives the copy. */
  readonly roots: readonly ModelRoot[];
  /** Default: the name of the source folder. */
  readonly name?: string;
  readonly signal?: AbortSignal;
  /** Bytes copied so far and altogether. */
  onProgress?(copied: number, total: number): void;
}

export interface ImportedModel {
  readonly model: InstalledModel;
  /** Warnings of the check. */
  readonly problems: readonly ModelProblem[];
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** Names that Windows keeps for devices, with any ending. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * Copies a checked model folder among the user's models. The copy appears by one rename: nobody ever sees half a model.
 * @throws {AppError} invalid-input for the name, invalid-model with all problems in `data.problems`, not-found,
 * disk-full, read-only, storage-failed, cancelled.
 */
export async function importModel(source: string, options: ImportOptions): Promise<ImportedModel> {
  const folder = resolve(source);
  const name = options.name ?? basename(folder);
  const root = options.roots.find((each) => each.origin === 'user');
  if (!root) throw new AppError('internal', 'There is no folder for user models.');
  await checkName(name, options.roots);
  const paths = await listModelFiles(folder);
  const problems = await checkModel(folder, options);
  const errors = problems.filter((problem) => problem.severity === 'error');
  if (errors.length > 0) {
    throw new AppError(
      'invalid-model',
      `${folder} cannot be imported:\n${errors.map((problem) => `- ${problem.message}`).join('\n')}`,
      { data: { problems } },
    );
  }
  const target = join(root.folder, name);
  const temporary = join(root.folder, `.import-${randomUUID()}`);
  try {
    await mkdir(root.folder, { recursive: true });
    await copyFiles(folder, temporary, await filesToCopy(folder, paths), options);
    await compareCopies(folder, temporary);
    await rename(temporary, target);
  } catch (error) {
    throw storageError(error, target);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  const model = (await discoverModels(options.roots)).find((each) => each.name === name);
  if (!model) throw new AppError('internal', `The imported model ${target} is not found.`);
  return { model, problems };
}

export async function checkName(name: string, roots: readonly ModelRoot[]): Promise<void> {
  if (!NAME.test(name) || DEVICE.test(name) || name.endsWith('.')) {
    throw new AppError(
      'invalid-input',
      `"${name}" cannot be a model's name. Accepted: up to 64 letters, digits, ".", "_" and "-", starting with a letter or digit.`,
    );
  }
  // Folders that differ only in case are one folder on some systems.
  const installed = await discoverModels(roots);
  const taken = installed.find((model) => model.name.toLowerCase() === name.toLowerCase());
  if (taken) {
    throw new AppError(
      'invalid-input',
      `A model named "${taken.name}" is installed in ${taken.folder}. Choose another name, or remove that folder first.`,
    );
  }
}

/** What pictures are made from, the card, and the texts that must travel with the weights (licences). */
async function filesToCopy(folder: string, paths: readonly string[]): Promise<string[]> {
  const about = (await readdir(folder)).filter(isAboutText);
  return [...decidingFiles(folder, paths), ...paths.filter((path) => path === CARD_FILE), ...about];
}

async function copyFiles(
  from: string,
  to: string,
  paths: readonly string[],
  options: ImportOptions,
): Promise<void> {
  const files: { path: string; bytes: number }[] = [];
  for (const path of paths) {
    const found = await stat(join(from, path));
    if (found.isFile()) files.push({ path, bytes: found.size });
  }
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  let copied = 0;
  for (const { path, bytes } of files) {
    throwIfCancelled(options.signal, 'The import');
    await mkdir(dirname(join(to, path)), { recursive: true });
    await copyFile(join(from, path), join(to, path));
    copied += bytes;
    options.onProgress?.(copied, total);
  }
}

async function compareCopies(original: string, copy: string): Promise<void> {
  const hashes = createFileHashes(null);
  const [expected, actual] = [await fingerprintModel(original, hashes), await fingerprintModel(copy, hashes)];
  if (expected === actual) return;
  throw new AppError(
    'storage-failed',
    `The copy of ${original} differs from it: it changed meanwhile, or a disk fails.`,
  );
}

export function storageError(error: unknown, target: string): unknown {
  if (error instanceof AppError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  const failure = fileFailureOf(error);
  const options = { cause: error };
  if (failure === 'disk-full') {
    return new AppError('disk-full', `There is not enough space for ${target}.`, options);
  }
  if (failure === 'read-only') {
    return new AppError('read-only', `${dirname(target)} cannot be written to (${code}).`, options);
  }
  if (failure === 'in-use') {
    const message = `A file of ${target} is open in another program (${code}): close it there and try again.`;
    return new AppError('storage-failed', message, options);
  }
  if (code === 'EEXIST' || code === 'ENOTEMPTY') {
    return new AppError('invalid-input', `${target} exists already. Choose another name.`, options);
  }
  return new AppError(
    'storage-failed',
    `${target} could not be written or moved: ${messageOf(error)}`,
    options,
  );
}
