import { STABLE_DIFFUSION } from '../../../engine/pipelines/stable-diffusion/family.ts';
import type { Family } from '../../../engine/pipelines/family.ts';
import type { Report } from '../check.ts';
import type { Inspected } from './expectations.ts';
import { checkStableDiffusion } from './stable-diffusion.ts';

type SessionCheck = (inspected: Inspected, report: Report) => void;

const CHECKS = new Map<Family, SessionCheck>([[STABLE_DIFFUSION, checkStableDiffusion]]);

/** Reports components that cannot be opened, inputs and outputs that do not fit, and components of different models. */
export function sessionCheckOf(family: Family): SessionCheck {
  return CHECKS.get(family) ?? (() => {});
}
