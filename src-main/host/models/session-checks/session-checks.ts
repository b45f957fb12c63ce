import { CLASS_CONDITIONAL } from '../../../engine/pipelines/class-conditional/family.ts';
import { KANDINSKY_2_0, KANDINSKY_2_1, KANDINSKY_2_2 } from '../../../engine/pipelines/kandinsky/family.ts';
import { STABLE_DIFFUSION, STABLE_DIFFUSION_XL } from '../../../engine/pipelines/stable-diffusion/family.ts';
import type { Report } from '../check.ts';
import { CLIP_FOLDER, type FolderReader } from '../folder-reader.ts';
import type { Inspected } from './expectations.ts';
import { checkClassConditional } from './class-conditional.ts';
import { checkClip } from './clip.ts';
import { checkKandinsky20, checkKandinsky21, checkKandinsky22 } from './kandinsky.ts';
import { checkStableDiffusionXl } from './stable-diffusion-xl.ts';
import { checkStableDiffusion } from './stable-diffusion.ts';

type SessionCheck = (inspected: Inspected, report: Report) => void;

const CHECKS = new Map<FolderReader, SessionCheck>([
  [STABLE_DIFFUSION, checkStableDiffusion],
  [STABLE_DIFFUSION_XL, checkStableDiffusionXl],
  [KANDINSKY_2_0, checkKandinsky20],
  [KANDINSKY_2_1, checkKandinsky21],
  [KANDINSKY_2_2, checkKandinsky22],
  [CLASS_CONDITIONAL, checkClassConditional],
  [CLIP_FOLDER, checkClip],
]);

/** Reports components that cannot be opened, inputs and outputs that do not fit, and components of different models. */
export function sessionCheckOf(reader: FolderReader): SessionCheck {
  return CHECKS.get(reader) ?? (() => {});
}
