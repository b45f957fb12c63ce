import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import type { AssetInfo, ProjectState } from '../../../src-shared/contract/values.ts';
import type { Handlers } from '../../../src-shared/contract/service.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { parseDocument } from '../../../src-shared/model/document.ts';
import { frameCount } from '../../../src-shared/model/document-types.ts';
import type { Host } from '../host.ts';
import { importDocument } from '../project.ts';
import { withFilmSound } from '../film-sound.ts';
import { decodeImage } from '../render/frame-codec.ts';
import { copyAssets } from './copy-assets.ts';
import { fileName } from '../../../src-shared/model/file-name.ts';
import { storedKeys } from './frame-planner.ts';
import { freeFile } from './free-file.ts';
import type { Jobs } from './jobs.ts';
import type { OpenProject, OpenProjects } from './open-projects.ts';
import { sourceDocument } from './source-document.ts';

type ProjectMethod = Extract<keyof Handlers, `project.${string}`>;

export interface ProjectWiring {
  readonly host: Host;
  readonly projects: OpenProjects;
  readonly jobs: Jobs;
  readonly clock: () => number;
}

/** Opening, changing and closing projects. */
export function projectHandlers({
  host,
  projects,
  jobs,
  clock,
}: ProjectWiring): Pick<Handlers, ProjectMethod> {
  const stateOf = (open: OpenProject): ProjectState => ({
    project: open.id,
    file: open.file,
    readonly: open.edits.readonly,
    revision: open.edits.revision,
    document: open.edits.document,
    history: open.edits.history,
    jobs: jobs.list(open.id),
  });

  return {
    'project.create': async (params, { client, signal }) => {
      const wanted = params.file === undefined ? undefined : resolve(params.file);
      if (wanted !== undefined && extname(wanted).toLowerCase() !== '.inbetween') {
        throw new AppError(
          'invalid-input',
          `${params.file} ends in ${extname(wanted) || 'nothing'}; accepted is .inbetween.`,
        );
      }
      const { document, folder } =
        'from' in params
          ? await sourceDocument(host, params.from)
          : { document: parseDocument(params.document), folder: dirname(wanted ?? host.projectsFolder) };
      const file = wanted ?? (await freeFile(host.projectsFolder, fileName(document.name)));
      const film = 'from' in params ? resolve(params.from) : undefined;
      const made =
        film === undefined
          ? { document, sounds: [], notes: [] }
          : await withFilmSound(host.sounds, film, document, folder, signal);
      await importDocument(made.document, folder, file, clock, made.sounds);
      return { ...stateOf(await projects.open(file, client)), notes: made.notes };
    },
    'project.open': async ({ file }, { client }) => stateOf(await projects.open(file, client)),
    'project.close': ({ project }, { client }) => {
      projects.leave(project, client);
      return {};
    },
    'project.info': async ({ project: id }, { client, signal }) => {
      const open = projects.get(id, client);
      const { document } = open.edits;
      const frames = frameCount(document);
      const cached = await open
        .model()
        .then(async (model) => {
          const numbers = Array.from({ length: frames }, (_, frame) => frame);
          const keys = (await open.planner(model, document).frames(numbers, signal)).map(({ key }) => key);
          const stored = await storedKeys(open, keys);
          return { cachedFrames: keys.filter((key) => stored.has(key)).length, problem: null };
        })
        .catch((error: unknown) => {
          // Without its model a project can be looked at all the same.
          if (!(error instanceof AppError) || signal.aborted) throw error;
          return { cachedFrames: null, problem: error.message };
        });
      return { file: open.file, name: document.name, frames, ...cached, usage: open.project.cache.usage() };
    },
    'project.document': ({ project }, { client }) => stateOf(projects.get(project, client)),
    'project.command': ({ project, ...request }, { client }) =>
      projects.get(project, client).edits.apply({ ...request, client }),
    'project.endGesture': ({ project, gesture, cancel = false }, { client }) =>
      projects.get(project, client).edits.endGesture(gesture, client, cancel),
    'project.undo': ({ project }, { client }) => projects.get(project, client).edits.undo(client),
    'project.redo': ({ project }, { client }) => projects.get(project, client).edits.redo(client),
    'project.assets': ({ project }, { client }) => ({
      assets: projects.get(project, client).project.store?.listAssets() ?? [],
    }),
    'project.copyAssets': async ({ project, from, assets }, { client }) => ({
      found: await copyAssets(host, projects, projects.get(project, client), from, assets),
    }),
    'project.importAsset': async ({ project, file }, { client }) => {
      const open = projects.get(project, client);
      const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
        throw new AppError('not-found', `The picture ${file} cannot be read: ${error.message}`, {
          cause: error,
        });
      });
      return addAsset(open, basename(file), bytes);
    },
    'project.slim': ({ project: id }, { client }) => {
      const { project, edits } = projects.get(id, client);
      if (edits.readonly || project.store === undefined) {
        throw new AppError('read-only', `${project.file} holds no cache of its own that may be dropped.`);
      }
      if (jobs.list(id).length > 0) {
        throw new AppError(
          'invalid-input',
          'Jobs of this project are running; cancel them or wait for them first.',
        );
      }
      return project.store.slim();
    },
    'project.peek': async ({ file }) => ({ document: (await sourceDocument(host, file)).document }),
  };
}

const MEDIA_TYPES: readonly {
  readonly mediaType: string;
  readonly starts: readonly number[];
  readonly at?: number;
}[] = [
  { mediaType: 'image/png', starts: [0x89, 0x50, 0x4e, 0x47] },
  { mediaType: 'image/jpeg', starts: [0xff, 0xd8, 0xff] },
  { mediaType: 'image/gif', starts: [0x47, 0x49, 0x46, 0x38] },
  { mediaType: 'image/webp', starts: [0x57, 0x45, 0x42, 0x50], at: 8 },
];

/**
 * Puts a picture into a project, known by its content and not by its name's ending.
 * @throws {AppError} invalid-asset when it is no picture of an accepted kind, read-only
 */
export async function addAsset(open: OpenProject, name: string, bytes: Uint8Array): Promise<AssetInfo> {
  const { store } = open.project;
  if (store === undefined || store.readonly) {
    throw new AppError('read-only', `${open.file} cannot be changed, so no picture can be put into it.`);
  }
  const kind = MEDIA_TYPES.find(({ starts, at = 0 }) => starts.every((byte, i) => bytes[at + i] === byte));
  if (kind === undefined) {
    throw new AppError(
      'invalid-asset',
      `${name} is no picture that is accepted; accepted are PNG, JPEG, WebP and GIF.`,
    );
  }
  const { width, height } = await decodeImage(bytes, name);
  return store.putAsset({ name, bytes, width, height, mediaType: kind.mediaType });
}
