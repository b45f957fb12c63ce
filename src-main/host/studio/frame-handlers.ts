import type { Handlers } from '../../../src-shared/contract/service.ts';
import { frameCount } from '../../../src-shared/model/document-types.ts';
import { withPin } from '../../../src-shared/model/frame-marks.ts';
import { frameKey } from '../../../src-shared/model/frame-spec.ts';
import { planFrame } from '../../../src-shared/model/plan.ts';
import { contextOf, type Host, rangeOf } from '../host.ts';
import { storedKeys } from './frame-planner.ts';
import { createMotionMeter } from './motion.ts';
import type { OpenProject, OpenProjects } from './open-projects.ts';

type FrameMethod = 'takes.status' | 'takes.render' | 'frames.motion';

/** Single frames: their takes, and how far they are from their neighbours. */
export function frameHandlers({
  host,
  projects,
}: {
  readonly host: Host;
  readonly projects: OpenProjects;
}): Pick<Handlers, FrameMethod> {
  const meter = createMotionMeter();

  /** What a frame would be if it were pinned to a take: where the take is chosen, its picture is there already. */
  const takeOf = async (
    open: OpenProject,
    frame: number,
    take: { seed: number; amount?: number | undefined },
  ) => {
    const model = await open.model();
    const { seed, amount } = take;
    const pin = { frame, seed, ...(amount === undefined ? {} : { amount }) };
    const document = withPin(open.edits.document, frame, pin);
    const spec = planFrame(document, frame, contextOf(open.project, model));
    return { model, spec, key: frameKey(spec) };
  };

  return {
    'takes.status': async ({ project: id, frame, takes }, { client, signal }) => {
      const open = projects.get(id, client);
      const keys: string[] = [];
      for (const take of takes) keys.push((await takeOf(open, frame, take)).key);
      const stored = await storedKeys(open, keys, signal);
      return { takes: keys.map((key) => ({ key, cached: stored.has(key) })) };
    },

    'takes.render': async ({ project: id, frame, take }, { client, signal, progress }) => {
      const open = projects.get(id, client);
      const { model, spec, key } = await takeOf(open, frame, take);
      const { steps } = spec.sampler;
      await host
        .renderJob(open.snapshot(), model, [{ index: frame, spec, key }], {
          signal,
          onProgress: ({ fraction }) => progress(Math.round(fraction * steps), steps),
          onFrame: ({ costMs }) => open.pace.learn(spec, costMs),
        })
        .run();
      return { key };
    },

    'frames.motion': async ({ project: id, range }, { client, signal }) => {
      const open = projects.get(id, client);
      const { revision, document } = open.edits;
      if (frameCount(document) === 0) return { revision, from: 0, distances: [] };
      const { from, to } = rangeOf(document, range);
      const planner = open.planner(await open.model(), document);
      // The first frame of the range has a neighbour too.
      const first = Math.max(0, from - 1);
      const numbers = Array.from({ length: to - first + 1 }, (_, at) => first + at);
      const finals = await planner.frames(numbers, signal);
      const stored = await storedKeys(
        open,
        finals.map(({ key }) => key),
        signal,
      );
      const frames = finals.map((frame) => (stored.has(frame.key) ? frame : null));
      const distances = await meter.measure(open.project.cache, frames, signal);
      return { revision, from, distances: distances.slice(from - first) };
    },
  };
}
