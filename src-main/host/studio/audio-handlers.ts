import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Handlers } from '../../../src-shared/contract/service.ts';
import type { AssetInfo } from '../../../src-shared/contract/values.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { Host } from '../host.ts';
import type { OpenProject, OpenProjects } from './open-projects.ts';

type AudioMethod = Extract<keyof Handlers, `audio.${string}`>;

/** The sound of a project. */
export function audioHandlers(host: Host, projects: OpenProjects): Pick<Handlers, AudioMethod> {
  return {
    'audio.import': async ({ project, file }, { client, signal }) => {
      const open = projects.get(project, client);
      const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
        throw new AppError('not-found', `The sound ${file} cannot be read: ${error.message}`, {
          cause: error,
        });
      });
      return addSound(host, open, basename(file), bytes, signal);
    },
    'audio.analysis': async ({ project, sound }, { client, signal }) => {
      const open = projects.get(project, client);
      const { peaks, tempo, ...rest } = await host.sounds.analysis(open.project, sound, signal);
      return { ...rest, peaks: Buffer.from(peaks).toString('base64'), tempo: tempo ?? null };
    },
  };
}

/**
 * Puts a sound into a project.
 * @throws {AppError} invalid-asset when it is no sound, read-only
 */
export async function addSound(
  host: Host,
  open: OpenProject,
  name: string,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<AssetInfo> {
  const { store } = open.project;
  if (store === undefined || store.readonly) {
    throw new AppError('read-only', `${open.file} cannot be changed, so no sound can be put into it.`);
  }
  return store.putAsset(await host.sounds.read(name, bytes, signal));
}
