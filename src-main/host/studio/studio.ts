import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import sharp from 'sharp';
import { z } from 'zod';
import type { ContractEvent } from '../../../src-shared/contract/events.ts';
import type { Handlers, Service } from '../../../src-shared/contract/service.ts';
import type { AssetInfo, ProjectState } from '../../../src-shared/contract/values.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { Host, HostEvent } from '../host.ts';
import { createDownloads } from './downloads.ts';
import { exportMediaType } from './export-choices.ts';
import { exportHandlers } from './export-handlers.ts';
import { listFolder } from './file-list.ts';
import { createInspections } from './inspect-handlers.ts';
import { createJobs } from './jobs.ts';
import { frameHandlers } from './frame-handlers.ts';
import { createMachinePace } from './machine-pace.ts';
import { libraryHandlers } from './library-handlers.ts';
import { matchHandlers } from './match-handlers.ts';
import { createMemoryBlobs } from './memory-blobs.ts';
import { modelHandlers } from './model-handlers.ts';
import { createOpenProjects } from './open-projects.ts';
import { soundType } from '../audio/sound-kind.ts';
import { addSound, audioHandlers } from './audio-handlers.ts';
import { promptHandlers } from './prompt-handlers.ts';
import { addAsset, projectHandlers } from './project-handlers.ts';
import { createReceivedFiles } from './received-files.ts';
import { createRecentProjects } from './recent-projects.ts';
import { renderHandlers } from './render-handlers.ts';
import { renderingHandlers } from './rendering-handlers.ts';
import { settingsHandlers } from './settings-handlers.ts';
import { createTokenCounter } from './token-counter.ts';

export interface StudioOptions {
  readonly host: Host;
  /** Of the product, as in package.json. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly platform: NodeJS.Platform;
  /** Folder of the example projects. */
  readonly examples: string;
  /** Failures that are nobody's input. */
  readonly onFault?: (error: unknown) => void;
}

export interface StudioBlob {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

/** A host with open projects and running jobs, as the contract describes it; whatever carries the messages. */
export interface Studio extends Service {
  /** A frame, a picture of an open project or one of `image.render`, as it is or as a thumbnail of `width` pixels. */
  blob(id: string, width?: number): Promise<StudioBlob | undefined>;
  /** @throws {AppError} not-found, invalid-asset, read-only */
  addAsset(project: string, name: string, bytes: Uint8Array): Promise<AssetInfo>;
  /** Keeps a file that a window sends; answers with its path, which can be opened like any other. */
  receive(name: string, content: Readable): Promise<{ readonly file: string }>;
  /** The file of an export that was made to be fetched. */
  download(
    job: string,
  ): { readonly file: string; readonly name: string; readonly mediaType: string } | undefined;
  /** Cancels jobs, closes projects. The host is disposed by whoever made it. */
  close(): Promise<void>;
}

export function createStudio(options: StudioOptions): Studio {
  const { host, clock } = options;
  const listeners = new Set<(event: ContractEvent) => void>();
  const tell = (event: ContractEvent): void => {
    for (const listener of listeners) listener(event);
  };
  const onFault = options.onFault ?? (() => {});
  const note = (message: string, project: string, frame?: number): void =>
    tell({ event: 'note', data: { message, project, ...(frame === undefined ? {} : { frame }) } });
  const pace = createMachinePace(host.cacheFolder);
  const blobs = createMemoryBlobs();
  /** Enough for the steps of a few frames. */
  const previews = createMemoryBlobs(160);
  const downloads = createDownloads();

  const jobs = createJobs(tell, {
    clock,
    onFault,
    onEnd({ project }) {
      // What was learnt about the pace outlives the window.
      projects.find(project)?.pace.save();
      pace.save();
      projects.closeIfUnused(project);
    },
  });
  const projects = createOpenProjects(host, tell, pace, (id) => jobs.list(id).length > 0);
  const unsubscribe = host.subscribe((event) => tell(contractEventOf(event)));

  const tokens = createTokenCounter();
  const inspections = createInspections(host, projects);
  const recent = createRecentProjects(join(host.dataFolder, 'recent.json'), (message) =>
    tell({ event: 'note', data: { message } }),
  );
  const remembered = async <State extends ProjectState>(opened: State | Promise<State>): Promise<State> => {
    const state = await opened;
    void recent.add({ file: state.file, name: state.document.name, opened: clock() });
    return state;
  };
  const received = createReceivedFiles(
    () => host.projectsFolder,
    async (file) => (await host.openProject(file)).close(),
  );
  const ofProjects = projectHandlers({ host, projects, jobs, clock });

  const handlers: Handlers = {
    ...inspections.handlers,
    ...ofProjects,
    'project.create': (params, call) => remembered(ofProjects['project.create'](params, call)),
    'project.open': (params, call) => remembered(ofProjects['project.open'](params, call)),
    ...libraryHandlers({ projects, recent, clock, downloads }),
    ...audioHandlers(host, projects),
    ...frameHandlers({ host, projects }),
    ...matchHandlers({ host, projects }),
    ...renderingHandlers({ host, projects, jobs, previews, note }),
    ...promptHandlers(projects, tokens),
    ...renderHandlers({ host, projects, blobs }),
    ...exportHandlers({
      host,
      projects,
      jobs,
      blobs,
      clock,
      note,
      downloads,
    }),
    ...modelHandlers({ host, pace }),
    ...settingsHandlers({ host, projects, tell }),
    'host.info': async () => ({
      version: options.version,
      platform: options.platform,
      home: homedir(),
      isFirstRun: !existsSync(host.projectsFolder),
      examples: await examplesIn(options.examples),
    }),
    'files.list': ({ folder }) => listFolder(folder),
    'jobs.list': () => ({ jobs: jobs.list() }),
    'jobs.cancel': async ({ job }) => {
      await jobs.cancel(job);
      return {};
    },
  };

  return {
    hostVersion: options.version,
    handlers,
    concerns({ data }, client) {
      if (!('project' in data) || data.project === undefined) return true;
      return projects.find(data.project)?.holders.has(client) === true;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    disconnected(client) {
      inspections.disconnected(client);
      projects.leaveAll(client);
    },

    async blob(id, width) {
      const found = findBlob(id);
      if (found === undefined || width === undefined) return found;
      const bytes = await sharp(found.bytes)
        .resize({ width, withoutEnlargement: true })
        .webp({ quality: 82 })
        .toBuffer();
      return { bytes, mediaType: 'image/webp' };
    },
    async addAsset(id, name, bytes) {
      const open = projects.find(id);
      if (open === undefined)
        throw new AppError('not-found', `There is no open project ${JSON.stringify(id)}.`);
      // The content decides what it is; M4A sounds and MP4 films begin alike, and both have a sound.
      return soundType(bytes) === undefined ? addAsset(open, name, bytes) : addSound(host, open, name, bytes);
    },
    receive: received.receive,
    download(job) {
      const file = downloads.find(job);
      return file === undefined
        ? undefined
        : { file, name: basename(file), mediaType: exportMediaType(file) };
    },
    async close() {
      unsubscribe();
      await inspections.close();
      await jobs.close();
      await projects.close();
      await received.close();
      await tokens.close();
      await downloads.close();
    },
  };

  function findBlob(id: string): StudioBlob | undefined {
    const kept = blobs.get(id) ?? previews.get(id) ?? inspections.picture(id);
    if (kept !== undefined) return { bytes: kept, mediaType: 'image/png' };
    for (const { project } of projects.all()) {
      const frame = project.cache.getArtifact('frame', id) ?? project.store?.getAsset(id);
      if (frame !== undefined) return { bytes: frame.bytes, mediaType: frame.mediaType };
    }
    return undefined;
  }
}

/** Files and names of the projects in a folder. They are not checked before they are opened. */
async function examplesIn(folder: string): Promise<{ file: string; name: string }[]> {
  const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith('.json')).sort();
  return Promise.all(
    files.map(async (file) => ({ file: join(folder, file), name: await nameIn(join(folder, file)) })),
  );
}

/** What a project's file says its name is; the file's own where it says none. */
async function nameIn(file: string): Promise<string> {
  try {
    return z.object({ name: z.string() }).parse(JSON.parse(await readFile(file, 'utf8'))).name;
  } catch {
    return basename(file, '.json');
  }
}

function contractEventOf(event: HostEvent): ContractEvent {
  if (event.type === 'note') return { event: 'note', data: { message: event.message } };
  const told = event.event;
  switch (told.type) {
    case 'failed':
      return { event: 'engine.state', data: { state: 'failed', message: told.message, waitMs: told.waitMs } };
    case 'restarted':
      return { event: 'engine.state', data: { state: 'restarted' } };
    case 'opened': {
      const { folder, component, milliseconds } = told.opened;
      return { event: 'engine.state', data: { state: 'opened', folder, component, milliseconds } };
    }
    case 'note':
      return {
        event: 'engine.state',
        data: {
          state: 'provider',
          provider: told.decision.provider,
          message: told.message,
          surprising: told.decision.surprising,
        },
      };
  }
}
