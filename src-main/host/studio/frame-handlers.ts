import type { Handlers } from '../../../src-shared/contract/service.ts';
import { frameCount } from '../../../src-shared/model/document-types.ts';
import type { Host } from '../host.ts';
import { rangeOf } from '../project-frames.ts';
import { storedKeys } from './frame-planner.ts';
import { createMotionMeter } from '../motion/motion-meter.ts';
import type { OpenProjects } from './open-projects.ts';
import { takeFrame } from './take-frame.ts';

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

  return {
    'takes.status': async ({ project: id, frame, takes }, { client, signal }) => {
      const open = projects.get(id, client);
      const keys: string[] = [];
      for (const take of takes) keys.push((await takeFrame(open, frame, take)).key);
      const stored = await storedKeys(open, keys, signal);
      return { takes: keys.map((key) => ({ key, cached: stored.has(key) })) };
    },

    'takes.render': async ({ project: id, frame, take }, { client, signal, progress }) => {
      const open = projects.get(id, client);
      const { model, spec, key } = await takeFrame(open, frame, take);
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
