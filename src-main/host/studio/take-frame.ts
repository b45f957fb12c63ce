import { withPin } from '../../../src-shared/model/frame-marks.ts';
import { type FrameSpec, frameKey } from '../../../src-shared/model/frame-spec.ts';
import { planFrame } from '../../../src-shared/model/plan.ts';
import type { HostModel } from '../host-models.ts';
import { contextOf } from '../project-frames.ts';
import type { OpenProject } from './open-projects.ts';

/** A take of some frame, as a window names it. */
export interface TakeOfFrame {
  readonly seed: number;
  readonly amount?: number | undefined;
}

/** What a frame would be if it were pinned to a take: where the take is chosen, its picture is there already. */
export async function takeFrame(
  open: OpenProject,
  frame: number,
  { seed, amount }: TakeOfFrame,
): Promise<{ readonly model: HostModel; readonly spec: FrameSpec; readonly key: string }> {
  const model = await open.model();
  const pin = { frame, seed, ...(amount === undefined ? {} : { amount }) };
  const spec = planFrame(withPin(open.edits.document, frame, pin), frame, contextOf(open.project, model));
  return { model, spec, key: frameKey(spec) };
}
