import type { FrameSpec } from '../../../src-shared/model/frame-spec.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { type MachinePace, workOf } from './machine-pace.ts';
import type { Store } from '../store/project-store.ts';

/**
 * How long frames take on this machine, learnt from those that were rendered; kept in the project. What this project
 * has not seen yet is known from others.
 */
export interface Pace {
  learn(spec: FrameSpec, milliseconds: number): void;
  /** Milliseconds for these frames; null until one of their model was timed. 0 for none. */
  estimate(specs: readonly FrameSpec[]): number | null;
  /** Keeps it where that can be done: on a full disk it is learnt anew the next time. */
  save(): void;
}

const SETTING = 'studio.pace';
/** The newest frame's weight: about the last five decide. */
const NEWEST_WEIGHT = 0.35;
/** A frame counts as at most so many times slower than those before: the machine may have slept in the middle of it. */
const SLOWEST = 4;

export function createPace(store: Store | undefined, machine: MachinePace): Pace {
  /** Milliseconds of one model evaluation of a megapixel, by model fingerprint. */
  const paces = new Map<string, number>(read(store));
  return {
    learn(spec, milliseconds) {
      const now = milliseconds / workOf(spec);
      const before = paces.get(spec.model) ?? machine.of(spec.model);
      const pace =
        before === undefined ? now : before + NEWEST_WEIGHT * (Math.min(now, SLOWEST * before) - before);
      paces.set(spec.model, pace);
      machine.learn(spec.model, pace);
    },
    estimate(specs) {
      let sum = 0;
      for (const spec of specs) {
        const pace = paces.get(spec.model) ?? machine.of(spec.model);
        if (pace === undefined) return null;
        sum += pace * workOf(spec);
      }
      return Math.round(sum);
    },
    save() {
      if (store === undefined || store.readonly) return;
      try {
        store.setSetting(SETTING, Object.fromEntries(paces));
      } catch (error) {
        // An estimate is lost; whoever ends a job or closes a project has more to do.
        if (!(error instanceof AppError)) throw error;
      }
    },
  };
}

function read(store: Store | undefined): [string, number][] {
  const saved = store?.setting(SETTING);
  if (typeof saved !== 'object' || saved === null) return [];
  return Object.entries(saved).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
}
