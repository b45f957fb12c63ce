import { frameCount, type ProjectDocument } from '../../../src-shared/model/document-types.ts';
import type { Tier } from '../../../src-shared/model/draft.ts';
import { renderOrder } from '../../../src-shared/model/render-order.ts';
import type { Host } from '../host.ts';
import type { HostModel } from '../host-models.ts';
import type { FrameRange } from '../project-frames.ts';
import type { Project } from '../project.ts';
import { encodePng } from '../render/frame-codec.ts';
import type { RenderJob, RenderSummary, RenderUnit } from '../render/render-job.ts';
import { createBreather } from '../breathe.ts';
import type { PlannedFrame } from './frame-planner.ts';
import type { JobHandle } from './jobs.ts';
import type { MemoryBlobs } from './memory-blobs.ts';
import type { OpenProject } from './open-projects.ts';

export interface RenderTask {
  readonly open: OpenProject;
  readonly project: Project;
  readonly model: HostModel;
  readonly of: 'timeline' | 'grid';
  readonly units: readonly RenderUnit[];
  readonly handle: JobHandle;
  /** Frames that cannot be rendered are told of, and the others go on. */
  readonly keepGoing?: boolean;
  /** Where small pictures of the frame under way are kept; none are made without it. */
  readonly previews?: MemoryBlobs;
  /** Told before it runs. */
  onJob?(job: RenderJob): void;
}

/** Renders units in a job's name, telling progress, frames, previews and failures. */
export async function renderUnits(
  host: Host,
  note: (message: string, project: string, frame?: number) => void,
  { open, project, model, of, units, handle, keepGoing = false, previews, onJob }: RenderTask,
): Promise<RenderSummary> {
  /** One at a time: a preview that comes while another is encoded is old news when its turn comes. */
  let encoding = false;
  const job = host.renderJob(project, model, units, {
    signal: handle.signal,
    onProgress: ({ phase, done, total, fraction, remainingMs, frameMs }) =>
      handle.progress({
        phase,
        done,
        total,
        fraction,
        remainingMs: remainingMs ?? null,
        frameMs: frameMs ?? null,
      }),
    onFrame: ({ index, tier, key, spec, costMs }) => {
      open.pace.learn(spec, costMs);
      open.failures.delete(key);
      handle.tell('job.frame', { of, index, tier, blob: key, costMs });
    },
    onNote: ({ message, index }) => note(message, open.id, index),
    ...(previews === undefined
      ? {}
      : {
          onPreview: ({ index, tier, step, steps, image }) => {
            if (encoding || open.holders.size === 0) return;
            encoding = true;
            void encodePng(image)
              .then((png) => {
                const blob = previews.put(png);
                handle.tell('frame.preview', { of, index, tier, step, steps, blob });
              })
              .finally(() => (encoding = false));
          },
        }),
    ...(keepGoing
      ? {
          onFailed: ({ index, key, message }) => {
            open.failures.set(key, message);
            handle.tell('frame.failed', { of, index, message });
          },
        }
      : {}),
  });
  onJob?.(job);
  handle.onPaused((paused) => job.setPaused(paused));
  return job.run();
}

/**
 * The frames of a range in the order to render them: coarse to fine, the playhead's first. With drafts, those of all
 * frames come before the final ones, but the playhead's frame is finished at once: somebody is looking at it.
 */
export async function timelineUnits(
  open: OpenProject,
  model: HostModel,
  document: ProjectDocument,
  range: FrameRange,
  options: { readonly playhead?: number; readonly drafts?: boolean; readonly signal: AbortSignal },
): Promise<RenderUnit[]> {
  const { playhead, signal } = options;
  const order = [
    ...renderOrder(frameCount(document), {
      keyframes: document.keyframes.map(({ frame }) => frame),
      range,
      ...(playhead === undefined ? {} : { playhead }),
    }),
  ];
  const planner = open.planner(model, document);
  const breathe = createBreather();
  const unitsOf = async (planned: readonly (PlannedFrame | null)[], tier: Tier): Promise<RenderUnit[]> => {
    const units: RenderUnit[] = [];
    for (const [at, frame] of planned.entries()) {
      await breathe();
      if (frame !== null) units.push({ index: order[at] as number, spec: frame.spec, key: frame.key, tier });
    }
    return units;
  };
  const finals = await unitsOf(await planner.frames(order, signal), 'final');
  if (options.drafts !== true) return finals;
  const drafts = await unitsOf(await planner.drafts(order, signal), 'draft');
  const [first, ...later] = finals;
  if (first === undefined || first.index !== playhead) return [...drafts, ...finals];
  const own = drafts.filter(({ index }) => index === playhead);
  return [...own, first, ...drafts.filter(({ index }) => index !== playhead), ...later];
}
