import { AppError } from '../../../src-shared/kernel/errors.ts';
import { applyCommand, type Command } from '../../../src-shared/model/commands.ts';
import type { ProjectDocument } from '../../../src-shared/model/document-types.ts';
import { evenMotion, keyframesWithin, unevenness } from '../../../src-shared/model/even-motion.ts';
import { frameKey } from '../../../src-shared/model/frame-spec.ts';
import type { Host } from '../host.ts';
import type { HostModel } from '../host-models.ts';
import type { Project } from '../project.ts';
import { type FrameRange, rangeOf, specsOf } from '../project-frames.ts';
import type { RenderJobHooks } from '../render/render-job.ts';
import { createMotionMeter } from './motion-meter.ts';

export interface EvenOutWishes {
  /** All frames where it is undefined. */
  readonly range: FrameRange | undefined;
  /** Keyframes between the first and the last may move too. */
  readonly moveKeys: boolean;
  /** How often the film is rendered, measured and retimed at most. */
  readonly rounds: number;
}

export interface EvenedOut {
  /** What makes the document out of the project's; none where that was the evenest. */
  readonly commands: readonly Command[];
  readonly document: ProjectDocument;
  /** The largest change from a frame to the next as a multiple of the middle one; null where too little moves. */
  readonly before: number | null;
  readonly after: number | null;
  /** Pictures that were computed. */
  readonly rendered: number;
}

/** Below this no eye sees a leap; a further round would only cost time. */
const EVEN = 1.25;

/**
 * Renders a film, measures how far each frame is from the one before, and retimes it so that pictures change evenly;
 * again and again, since a picture that leaps within one measured frame is seen more closely in the next round. The
 * evenest of the films that were rendered is the result, so it is never worse than what there was, and its frames are
 * in the cache.
 * @throws {AppError} invalid-input where the range has not two keyframes; what rendering throws
 */
export async function evenOut(
  host: Pick<Host, 'renderRange'>,
  project: Project,
  model: HostModel,
  { range, moveKeys, rounds }: EvenOutWishes,
  hooks: RenderJobHooks,
): Promise<EvenedOut> {
  const wanted = rangeOf(project.document, range);
  const span = keyframesWithin(project.document, wanted);
  if (span === undefined) {
    throw new AppError(
      'invalid-input',
      `Frames ${wanted.from}-${wanted.to} hold fewer than two keyframes; motion is evened out between keyframes.`,
    );
  }
  const meter = createMotionMeter();
  const signal = hooks.signal ?? new AbortController().signal;
  let [document, commands, rendered] = [project.document, [] as readonly Command[], 0];
  let before: number | null = null;
  let best: Pick<EvenedOut, 'document' | 'commands' | 'after'> | undefined;
  for (let round = 0; ; round++) {
    const film = { ...project, document };
    rendered += (await host.renderRange(film, model, span, hooks)).rendered;
    const frames = specsOf(film, model, span).map((spec) => ({ spec, key: frameKey(spec) }));
    const steps = (await meter.measure(project.cache, frames, signal)).slice(1);
    const after = unevenness(steps.map((step) => step ?? 0));
    if (round === 0) before = after;
    if (best === undefined || (after ?? Infinity) < (best.after ?? Infinity))
      best = { document, commands, after };
    if (after === null || after < EVEN || round === rounds) break;
    const distances = [...Array<null>(span.from + 1).fill(null), ...steps];
    const evened = evenMotion(document, distances, span, { moveKeys });
    if (evened.commands.length === 0) break;
    commands = [...commands, ...evened.commands];
    for (const command of evened.commands) ({ document } = applyCommand(document, command));
  }
  return { ...best, before, rendered };
}
