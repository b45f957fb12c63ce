import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FrameSpec } from '../../../src-shared/model/frame-spec.ts';
import { writeWholeFileSync } from '../../files/whole-file.ts';

/** How long models take on this machine, whatever the project: milliseconds of one evaluation of a megapixel. */
export interface MachinePace {
  learn(fingerprint: string, pace: number): void;
  of(fingerprint: string): number | undefined;
  save(): void;
}

/** @param folder of the cache: without it, paces are learnt anew */
export function createMachinePace(folder: string): MachinePace {
  const path = join(folder, 'pace.json');
  const paces = new Map(readPaces(path));
  let isNews = false;
  return {
    learn(fingerprint, pace) {
      paces.set(fingerprint, pace);
      isNews = true;
    },
    of: (fingerprint) => paces.get(fingerprint),
    save() {
      if (!isNews) return;
      isNews = false;
      try {
        // Another process may have learnt meanwhile.
        const all = { ...Object.fromEntries(readPaces(path)), ...Object.fromEntries(paces) };
        writeWholeFileSync(path, JSON.stringify(all));
      } catch {
        // A cache that cannot be written to costs an estimate.
      }
    },
  };
}

/** Model evaluations times megapixels. */
export function workOf({
  sampler,
  width,
  height,
}: Pick<FrameSpec, 'width' | 'height'> & {
  readonly sampler: Pick<FrameSpec['sampler'], 'steps' | 'guidanceScale'>;
}): number {
  return (sampler.steps * (sampler.guidanceScale > 1 ? 2 : 1) * width * height) / 1e6;
}

function readPaces(path: string): [string, number][] {
  try {
    const saved: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof saved !== 'object' || saved === null) return [];
    return Object.entries(saved).filter(
      (entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] > 0,
    );
  } catch {
    return [];
  }
}
