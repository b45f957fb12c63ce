import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { Host } from '../host.ts';
import type { Project } from '../project.ts';
import type { OpenProject, OpenProjects } from './open-projects.ts';

/**
 * Brings pictures of another project along, for keys that are pasted from it.
 * @param references SHA-256s or names, as the other project's document has them
 * @returns the SHA-256 in `open` of each that is there now
 * @throws {AppError} read-only
 */
export async function copyAssets(
  host: Host,
  projects: OpenProjects,
  open: OpenProject,
  from: string | undefined,
  references: readonly string[],
): Promise<Record<string, string>> {
  const { store } = open.project;
  if (store === undefined || store.readonly) {
    throw new AppError('read-only', `${open.file} cannot be changed, so no picture can be put into it.`);
  }
  const found: Record<string, string> = {};
  const take = (source: Project): void => {
    for (const reference of references) {
      const asset = source.store?.getAsset(source.assetKeys.get(reference) ?? reference);
      if (asset !== undefined) found[reference] = store.putAsset(asset).sha256;
    }
  };
  const file = from === undefined ? undefined : await realpath(resolve(from)).catch(() => undefined);
  const known = [...projects.all()].find((entry) => entry.file === file);
  if (known !== undefined) {
    take(known.project);
  } else if (file !== undefined) {
    const source = await host.openProject(file, { readonly: true }).catch((error: unknown) => {
      // Gone or no project any more: what this project has itself is looked for all the same.
      if (!(error instanceof AppError)) throw error;
    });
    if (source !== undefined) {
      try {
        take(source);
      } finally {
        source.close();
      }
    }
  }
  for (const reference of references) {
    const own = open.project.assetKeys.get(reference) ?? reference;
    if (found[reference] === undefined && store.getAsset(own) !== undefined) found[reference] = own;
  }
  return found;
}
