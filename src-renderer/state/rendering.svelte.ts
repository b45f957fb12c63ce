import type { HostClient } from '../../src-shared/contract/client.ts';
import { frameCount } from '../../src-shared/model/document-types.ts';
import type { ProjectSession } from './project.svelte.ts';
import { LiveFrame } from './live-frame.svelte.ts';
import { spanOf } from './span.ts';
import type { Studio } from './studio.svelte.ts';

/** The project's render job as the window steers it, and the frame that is computed right now. */
export class Rendering {
  readonly live = new LiveFrame();
  readonly #studio: Studio;

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  get isPaused(): boolean {
    return this.#studio.project?.renderJob?.paused === true;
  }

  /** Renders what is missing of the loop range. A paused job stays paused when an edit replaces it. */
  async start(options: { readonly retry?: boolean; readonly resume?: boolean } = {}): Promise<void> {
    const { project, preferences, player } = this.#studio;
    if (project === null) return;
    // What was asked for is the document that shows, and edits on their way are part of it.
    await project.sent();
    if (project !== this.#studio.project || frameCount(project.saved) === 0) return;
    await this.#studio.ask((client) =>
      client.call('render.start', {
        project: project.id,
        range: spanOf(project.saved),
        revision: project.revision,
        playhead: player.frame,
        drafts: preferences.value.drafts,
        retry: options.retry === true,
        paused: this.isPaused && options.resume !== true,
      }),
    );
  }

  stop(): Promise<unknown> {
    return this.#ask((client, project) => client.call('render.cancel', { project: project.id }));
  }

  pause(): Promise<unknown> {
    return this.#ask((client, project) => client.call('render.pause', { project: project.id }));
  }

  resume(): Promise<unknown> {
    return this.#ask((client, project) => client.call('render.resume', { project: project.id }));
  }

  /** The playhead's frame renders first. */
  movedPlayhead(): void {
    if (this.#studio.project?.renderJob === undefined) return;
    const { frame } = this.#studio.player;
    void this.#ask((client, project) => client.call('render.setPlayhead', { project: project.id, frame }));
  }

  async #ask(work: (client: HostClient, project: ProjectSession) => Promise<unknown>): Promise<unknown> {
    const { project } = this.#studio;
    return project === null ? undefined : this.#studio.ask((client) => work(client, project));
  }

  listen(client: HostClient): void {
    const ofProject = <Data extends { readonly project: string }>(
      take: (project: ProjectSession, data: Data) => void,
    ) => {
      return (data: Data): void => {
        const { project } = this.#studio;
        if (project !== null && data.project === project.id) take(project, data);
      };
    };
    client.on(
      'job.changed',
      ofProject((project, job) => {
        project.setJob(job);
        if (job.paused) this.live.clear();
      }),
    );
    client.on(
      'job.frame',
      ofProject((project, { job, of, index, tier, blob }) => {
        if (of === 'grid') {
          this.#studio.cellsStored += 1;
          return;
        }
        project.frames.stored(index, blob, tier, project.revisionOf(job));
        this.live.finished(index);
      }),
    );
    client.on(
      'frame.preview',
      ofProject((_project, preview) => {
        if (preview.of === 'timeline') this.live.take(preview);
      }),
    );
    client.on(
      'frame.failed',
      ofProject((project, { job, of, index, message }) => {
        if (of === 'timeline') project.frames.failed(index, message, project.revisionOf(job));
        this.live.finished(index);
      }),
    );
  }
}
