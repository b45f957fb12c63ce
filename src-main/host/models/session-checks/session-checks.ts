import { CLASS_CONDITIONAL } from '../../../engine/pipelines/class-conditional/family.ts';
import { STABLE_DIFFUSION, STABLE_DIFFUSION_XL } from '../../../engine/pipelines/stable-diffusion/family.ts';
import type { Report } from '../check.ts';
import { CLIP_FOLDER, type FolderReader } from '../folder-reader.ts';
import type { Inspected } from './expectations.ts';
import { checkClassConditional } from './class-conditional.ts';
import { checkClip } from './clip.ts';
import { checkStableDiffusionXl } from './stable-diffusion-xl.ts';
import { checkStableDiffusion } from './stable-diffusion.ts';

type SessionCheck = (inspected: Inspected, report: Report) => void;

const CHECKS = new Map<FolderReader, SessionCheck>([
  [STABLE_DIFFUSION, checkStableDiffusion],
  [STABLE_DIFFUSION_XL, checkStableDiffusionXl],
  [CLASS_CONDITIONAL, checkClassConditional],
  [CLIP_FOLDER, checkClip],
]);

/** Reports components that cannot be opened, inputs and outputs that do not fit, and components of different models. */
export function sessionCheckOf(reader: FolderReader): SessionCheck {
  return CHECKS.get(reader) ?? (() => {});
}
