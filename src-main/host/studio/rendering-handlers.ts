import type { Handlers } from '../../../src-shared/contract/service.ts';
import type { ProjectDocument } from '../../../src-shared/model/document-types.ts';
import type { Host } from '../host.ts';
import { type FrameRange, gridUnits, rangeOf, remainingRange } from '../project-frames.ts';
import type { RenderJob, RenderUnit } from '../render/render-job.ts';
import type { Jobs } from './jobs.ts';
import type { MemoryBlobs } from './memory-blobs.ts';
import type { OpenProject, OpenProjects } from './open-projects.ts';
import { renderUnits, timelineUnits } from './render-units.ts';

type RenderingMethod =
  'render.start' | 'render.cancel' | 'render.pause' | 'render.resume' | 'render.setPlayhead';

export interface RenderingWiring {
  readonly host: Host;
  readonly projects: OpenProjects;
  readonly jobs: Jobs;
  /** For pictures of frames that are not finished. */
  readonly previews: MemoryBlobs;
  readonly note: (message: string, project: string, frame?: number) => void;
}

/** The render job of a project, and where its playhead is. */
interface Rendering {
  readonly of: 'timeline' | 'grid';
  job: string | undefined;
  playhead: number | undefined;
  running: RenderJob | undefined;
}

/** A project's one render job: start, stop, pause, and what comes next. */
export function renderingHandlers(wiring: RenderingWiring): Pick<Handlers, RenderingMethod> {
  const { host, projects, jobs, previews } = wiring;
  const renderings = new WeakMap<OpenProject, Rendering>();

  const setPaused = (id: string, client: string, paused: boolean): void => {
    const job = renderings.get(projects.get(id, client))?.job;
    if (job !== undefined) jobs.setPaused(job, paused);
  };

  return {
    'render.start': async (
      {
        project: id,
        of = 'timeline',
        range,
        playhead,
        drafts = false,
        retry = false,
        paused = false,
        ...asked
      },
      { client },
    ) => {
      const open = projects.get(id, client);
      const revision = asked.revision ?? open.edits.revision;
      const rangeIn = (document: ProjectDocument): FrameRange | null =>
        revision === open.edits.revision ? rangeOf(document, range) : remainingRange(document, range);
      // What is wrong from the start is said at once.
      if (of === 'timeline') rangeIn(open.edits.document);
      const model = await open.model();
      // From here on without a pause: the job is for the document of this moment, which an edit may have shortened.
      projects.get(id, client);
      const project = open.snapshot();
      const wanted = of === 'timeline' ? rangeIn(project.document) : null;
      const cells = of === 'grid' ? gridUnits(project, model) : undefined;
      if (retry) open.failures.clear();
      const before = renderings.get(open);
      const rendering: Rendering = {
        of,
        job: undefined,
        running: undefined,
        playhead: playhead ?? (before?.of === of ? before.playhead : undefined),
      };
      const job = jobs.start(
        {
          project: id,
          kind: of === 'grid' ? 'grid' : 'render',
          revision: open.edits.revision,
          range: wanted,
          paused,
        },
        async (handle) => {
          const { signal } = handle;
          const looking = rendering.playhead === undefined ? {} : { playhead: rendering.playhead };
          const planned =
            cells ??
            (wanted === null
              ? []
              : await timelineUnits(open, model, project.document, wanted, { ...looking, drafts, signal }));
          const units = planned.filter((unit) => !hasFailed(open, unit));
          const summary = await renderUnits(host, wiring.note, {
            open,
            project,
            model,
            of,
            units,
            handle,
            previews,
            keepGoing: true,
            onJob(running) {
              rendering.running = running;
              if (rendering.playhead !== undefined) running.setPlayhead(rendering.playhead);
            },
          });
          return { ...summary, output: null };
        },
      );
      rendering.job = job;
      renderings.set(open, rendering);
      if (before?.job !== undefined) void jobs.cancel(before.job, job);
      return { job };
    },

    'render.cancel': async ({ project: id }, { client }) => {
      const rendering = renderings.get(projects.get(id, client));
      if (rendering?.job !== undefined) await jobs.cancel(rendering.job);
      return {};
    },

    'render.pause': ({ project: id }, { client }) => {
      setPaused(id, client, true);
      return {};
    },

    'render.resume': ({ project: id }, { client }) => {
      setPaused(id, client, false);
      return {};
    },

    'render.setPlayhead': ({ project: id, frame }, { client }) => {
      const open = projects.get(id, client);
      const rendering = renderings.get(open);
      if (rendering !== undefined) {
        rendering.playhead = frame;
        rendering.running?.setPlayhead(frame);
      }
      return {};
    },
  };
}

/** A frame that failed once is not tried at every edit; the artist asks for it. */
function hasFailed(open: OpenProject, { key }: RenderUnit): boolean {
  return key !== undefined && open.failures.has(key);
}
