import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { discoverModels, type ModelRoot } from './discover.ts';

/**
 * The folder that a reference means: the name of an installed model, or a path to a folder (relative to `cwd`). An
 * installed name comes first, so a folder of that name in the current directory is written `./name`.
 * @throws {AppError} not-found, naming the installed models.
 */
export async function resolveModel(ref: string, roots: readonly ModelRoot[], cwd: string): Promise<string> {
  const installed = await discoverModels(roots);
  const named = installed.find((model) => model.name === ref);
  if (named) return named.folder;
  const folder = resolve(cwd, ref);
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (ref !== '' && isFolder) return folder;
  const names = installed.map((model) => model.name).join(', ') || 'none';
  throw new AppError(
    'not-found',
    `There is no model "${ref}": it is neither an installed model (installed: ${names}) nor a folder.`,
    { data: { ref, installed: installed.map((model) => model.name) } },
  );
}
