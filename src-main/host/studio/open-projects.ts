import { realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ContractEvent } from '../../../src-shared/contract/events.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { ProjectDocument } from '../../../src-shared/model/document-types.ts';
import type { Host } from '../host.ts';
import type { HostModel } from '../host-models.ts';
import { contextOf } from '../project-frames.ts';
import type { Project } from '../project.ts';
import { createEditSession, type EditSession } from './edit-session.ts';
import { createFramePlanner, type FramePlanner } from './frame-planner.ts';
import type { MachinePace } from './machine-pace.ts';
import { createPace, type Pace } from './pace.ts';

/** A project that windows have open. */
export interface OpenProject {
  readonly id: string;
  readonly file: string;
  readonly edits: EditSession;
  readonly pace: Pace;
  /** Why frames could not be rendered, by their keys; as long as the project is open. */
  readonly failures: Map<string, string>;
  /** As it was opened: its cache and pictures. The document in it is the one of then; see {@link snapshot}. */
  readonly project: Project;
  /** Connections that have it open. */
  readonly holders: ReadonlySet<string>;
  /** Aborted when the project closes: who is looking something up in it looks no further. */
  readonly closed: AbortSignal;
  /** The project with the document of now, which later changes leave alone. */
  snapshot(): Project;
  /** @throws {AppError} not-found, invalid-model */
  model(): Promise<HostModel>;
  /** Of the document of now, or of another version of it. */
  planner(model: HostModel, document?: ProjectDocument): FramePlanner;
}

export interface OpenProjects {
  open(file: string, client: string): Promise<OpenProject>;
  /** @throws {AppError} not-found when this connection has not opened it */
  get(id: string, client: string): OpenProject;
  /** Whatever connection asks. */
  find(id: string): OpenProject | undefined;
  all(): Iterable<OpenProject>;
  leave(id: string, client: string): void;
  /** The connection is gone: it leaves all its projects. */
  leaveAll(client: string): void;
  /** Closes the project unless somebody has it open or `isBusy`. */
  closeIfUnused(id: string): void;
  close(): Promise<void>;
}

interface Entry extends OpenProject {
  readonly holders: Set<string>;
  readonly closing: AbortController;
}

export function createOpenProjects(
  host: Host,
  tell: (event: ContractEvent) => void,
  machine: MachinePace,
  /** Whether jobs of a project are under way: it stays open for them. */
  isBusy: (id: string) => boolean,
): OpenProjects {
  const opening = new Map<string, Promise<Entry>>();
  const entries = new Map<string, Entry>();
  const gone = new Set<string>();
  let opened = 0;

  const load = async (file: string): Promise<Entry> => {
    const project = await openWritableIfPossible(host, file);
    opened += 1;
    const id = `p${opened}`;
    const entry = createEntry(host, id, project, tell, machine);
    entries.set(id, entry);
    return entry;
  };

  const closeIfUnused = (id: string): void => {
    const entry = entries.get(id);
    if (entry === undefined || entry.holders.size > 0 || isBusy(id)) return;
    entries.delete(id);
    opening.delete(entry.file);
    closeEntry(entry);
  };

  const leave = (entry: Entry, client: string): void => {
    if (!entry.holders.delete(client)) return;
    entry.edits.left(client);
    closeIfUnused(entry.id);
  };

  return {
    async open(path, client) {
      // One file, one session, under whatever name it is reached.
      const file = await realpath(resolve(path)).catch(() => resolve(path));
      let loading = opening.get(file);
      if (loading === undefined) {
        loading = load(file);
        opening.set(file, loading);
        loading.catch(() => opening.delete(file));
      }
      const entry = await loading;
      if (entries.get(entry.id) !== entry) return this.open(path, client);
      entry.holders.add(client);
      if (gone.has(client)) leave(entry, client);
      return entry;
    },
    get(id, client) {
      const entry = entries.get(id);
      if (entry?.holders.has(client) === true) return entry;
      throw new AppError(
        'not-found',
        `The project ${JSON.stringify(id)} is not open here; open its file first.`,
      );
    },
    find: (id) => entries.get(id),
    all: () => entries.values(),
    leave(id, client) {
      const entry = entries.get(id);
      if (entry !== undefined) leave(entry, client);
    },
    leaveAll(client) {
      // Its project may be about to open.
      if (opening.size > entries.size) gone.add(client);
      for (const entry of [...entries.values()]) leave(entry, client);
    },
    closeIfUnused,
    async close() {
      await Promise.allSettled(opening.values());
      for (const entry of entries.values()) closeEntry(entry);
      entries.clear();
      opening.clear();
    },
  };
}

function createEntry(
  host: Host,
  id: string,
  project: Project,
  tell: (event: ContractEvent) => void,
  machine: MachinePace,
): Entry {
  const edits = createEditSession(
    project,
    (change) => tell({ event: 'project.changed', data: { project: id, ...change } }),
    (message) => tell({ event: 'note', data: { message, project: id } }),
  );
  let latest: FramePlanner | undefined;
  const closing = new AbortController();
  return {
    id,
    closing,
    closed: closing.signal,
    file: project.file,
    project,
    edits,
    pace: createPace(project.store, machine),
    failures: new Map(),
    holders: new Set(),
    snapshot: () => ({ ...project, document: edits.document }),
    model: () => host.models.load(edits.document.model, dirname(project.file)),
    planner(model, document = edits.document) {
      if (latest?.document === document && latest.context.fingerprint === model.fingerprint) return latest;
      const planner = createFramePlanner(document, contextOf(project, model), latest);
      if (document === edits.document) latest = planner;
      return planner;
    },
  };
}

function closeEntry(entry: Entry): void {
  entry.closing.abort();
  try {
    entry.pace.save();
  } finally {
    entry.project.close();
  }
}

async function openWritableIfPossible(host: Host, file: string): Promise<Project> {
  try {
    return await host.openProject(file);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'read-only') throw error;
    return host.openProject(file, { readonly: true });
  }
}
