import type { HostClient } from '../../src-shared/contract/client.ts';
import type { EventData } from '../../src-shared/contract/events.ts';
import type { HistoryState, JobInfo, JobProgress, ProjectState } from '../../src-shared/contract/values.ts';
import { AppError } from '../../src-shared/kernel/errors.ts';
import { applyCommand, type Command } from '../../src-shared/model/commands.ts';
import { applyDiff } from '../../src-shared/model/diff.ts';
import { frameCount, type ProjectDocument } from '../../src-shared/model/document-types.ts';
import { sameJson } from '../../src-shared/model/same-json.ts';
import { FrameStatus } from './frame-status.svelte.ts';

/** What the window does to a document in one step of undo. */
export interface Edit {
  readonly commands: readonly Command[];
  readonly label?: string;
}

export interface ProjectHooks {
  onError(error: unknown): void;
  onChanged(): void;
}

/**
 * An open project as the window sees it. Edits show at once and are sent one after the other; a drag shows as a
 * preview and is sent when it ends, so it is one step of undo and Esc costs nothing.
 */
export class ProjectSession {
  readonly id: string;
  readonly file: string;
  readonly readonly: boolean;
  /** As the host has it. */
  #confirmed = $state.raw<ProjectDocument>() as ProjectDocument;
  /** Sent or about to be. */
  #pending = $state.raw<readonly Edit[]>([]);
  #preview = $state.raw<Edit | null>(null);
  revision = $state(0);
  history = $state.raw<HistoryState>({ undo: null, redo: null });
  jobs = $state.raw<ReadonlyMap<string, JobInfo>>(new Map());
  readonly frames: FrameStatus;

  /** With pending edits and the drag under way. */
  readonly document = $derived.by(() => {
    let document = this.#confirmed;
    for (const edit of this.#pending) document = applied(document, edit) ?? document;
    if (this.#preview !== null) document = applied(document, this.#preview) ?? document;
    return document;
  });
  readonly frameCount = $derived(frameCount(this.document));
  readonly isDragging = $derived(this.#preview !== null);
  readonly isSaved = $derived(this.#pending.length === 0 && this.#preview === null);
  readonly renderJob = $derived([...this.jobs.values()].find((job) => job.kind !== 'export'));
  readonly exportJob = $derived([...this.jobs.values()].find((job) => job.kind === 'export'));

  readonly #client: HostClient;
  readonly #hooks: ProjectHooks;
  #sending: Promise<void> | undefined;

  constructor(client: HostClient, state: ProjectState, hooks: ProjectHooks) {
    this.#client = client;
    this.#hooks = hooks;
    this.id = state.project;
    this.file = state.file;
    this.readonly = state.readonly;
    this.#take(state);
    this.frames = new FrameStatus(client, state.project, hooks.onError);
  }

  #take(state: ProjectState): void {
    this.#confirmed = state.document;
    this.revision = state.revision;
    this.history = state.history;
    this.jobs = new Map(state.jobs.map((job) => [job.job, job]));
  }

  /** Shows commands without sending them; each call replaces the one before. */
  preview(edit: Edit): void {
    if (this.readonly) return;
    this.#preview = edit;
  }

  /** The commands of the drag under way. */
  get previewed(): readonly Command[] {
    return this.#preview?.commands ?? [];
  }

  /** Makes what was previewed, or forgets it. */
  endPreview(cancel: boolean): void {
    const edit = this.#preview;
    this.#preview = null;
    if (edit !== null && !cancel) this.edit(edit.commands, edit.label);
  }

  edit(commands: readonly Command[], label?: string): void {
    if (commands.length === 0) return;
    if (this.readonly) {
      this.#hooks.onError(
        new AppError('read-only', `${this.file} cannot be changed here; make a copy of it to edit it.`),
      );
      return;
    }
    const edit: Edit = { commands, ...(label === undefined ? {} : { label }) };
    try {
      // A command that the model refuses never leaves the window.
      let document = this.document;
      for (const command of commands) ({ document } = applyCommand(document, command));
    } catch (error) {
      this.#hooks.onError(error);
      return;
    }
    this.#pending = [...this.#pending, edit];
    this.#sending ??= this.#send();
  }

  /**
   * Goes on where `before` was when its connection broke: with the edits that wait and the drag under way. An edit
   * whose answer got lost, but which the host has made, is not made twice. Nothing happens while `before`'s own
   * connection is still there: it sends them itself.
   */
  takeOver(before: ProjectSession): void {
    if (before.#client === this.#client) return;
    let waiting = before.#pending;
    const [first] = waiting;
    const made = first === undefined ? undefined : applied(before.#confirmed, first);
    if (made !== undefined && sameJson(made, this.#confirmed)) waiting = waiting.slice(1);
    this.#pending = waiting;
    this.#preview = before.#preview;
    if (waiting.length > 0) this.#sending ??= this.#send();
  }

  /** The document of {@link revision}, without edits that are on their way. */
  get saved(): ProjectDocument {
    return this.#confirmed;
  }

  /** Resolves when no edit is on its way. */
  async sent(): Promise<void> {
    await this.#sending;
  }

  async #send(): Promise<void> {
    try {
      for (let edit = this.#pending[0]; edit !== undefined; edit = this.#pending[0]) {
        try {
          const result = await this.#client.call('project.command', {
            project: this.id,
            revision: this.revision,
            commands: [...edit.commands],
            ...(edit.label === undefined ? {} : { label: edit.label }),
          });
          // The event may have come first.
          if (result.revision > this.revision) {
            this.#confirmed = applyDiff(this.#confirmed, result.diff);
            this.revision = result.revision;
          }
          this.history = result.history;
          this.#pending = this.#pending.slice(1);
        } catch (error) {
          const reason = error instanceof AppError ? error.data.reason : undefined;
          // It waits for the session that follows.
          if (reason === 'disconnected') return;
          if (reason !== 'stale-revision') {
            this.#pending = this.#pending.slice(1);
            this.#hooks.onError(error);
          }
          await this.reload();
        }
      }
    } catch (error) {
      this.#hooks.onError(error);
    } finally {
      this.#sending = undefined;
      this.#hooks.onChanged();
    }
  }

  async reload(): Promise<void> {
    this.#take(await this.#client.call('project.document', { project: this.id }));
  }

  async undo(): Promise<void> {
    if (this.isDragging) return;
    await this.#client.call('project.undo', { project: this.id });
  }

  async redo(): Promise<void> {
    if (this.isDragging) return;
    await this.#client.call('project.redo', { project: this.id });
  }

  onChanged(change: EventData<'project.changed'>): void {
    if (change.project !== this.id) return;
    this.history = change.history;
    if (change.revision <= this.revision) return;
    if (change.from === this.revision) {
      this.#confirmed = applyDiff(this.#confirmed, change.diff);
      this.revision = change.revision;
      this.#hooks.onChanged();
    } else {
      this.reload().then(this.#hooks.onChanged, this.#hooks.onError);
    }
  }

  setJob(job: JobInfo): void {
    this.jobs = new Map(this.jobs).set(job.job, job);
  }

  setProgress(job: string, progress: JobProgress): void {
    const known = this.jobs.get(job);
    if (known !== undefined) this.setJob({ ...known, progress });
  }

  /** Of the document that a job renders; -1 for one that is over. */
  revisionOf(job: string): number {
    return this.jobs.get(job)?.revision ?? -1;
  }

  endJob(job: string): void {
    const jobs = new Map(this.jobs);
    jobs.delete(job);
    this.jobs = jobs;
  }
}

function applied(document: ProjectDocument, edit: Edit): ProjectDocument | undefined {
  try {
    let result = document;
    for (const command of edit.commands) ({ document: result } = applyCommand(result, command));
    return result;
  } catch {
    // In the middle of a drag a place may be refused; the last good one stays.
    return undefined;
  }
}
