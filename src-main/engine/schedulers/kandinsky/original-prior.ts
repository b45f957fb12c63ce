import { AppError } from '../../../../src-shared/kernel/errors.ts';
import { exp32, f32, mul32 } from '../../tensor/float32.ts';
import { clamp, weightedSum } from '../../tensor/ops.ts';
import { requireNoise } from '../step-guards.ts';
import { cosineBetas, cumulativeSignal, posteriorMean, respaced, tablesOf } from './diffusion-tables.ts';
import type { PriorSampler } from './prior-sampler.ts';

const TRAIN_TIMESTEPS = 1000;
const CLEAN_RANGE = 10;

/**
 * The prior's sampling in the original Kandinsky 2.1. `steps` is "25" (ancestral, respaced) or "ddim25" (η = 0). Noise is
 * drawn at every step, also where none is added.
 * @throws {AppError} `invalid-input` for other words or counts.
 */
export function createOriginalPrior(steps: string): PriorSampler {
  const parts = /^(ddim)?(\d+)$/.exec(steps);
  const count = Number(parts?.[2]);
  const implicit = parts?.[1] !== undefined;
  if (parts === null || count < 2 || count > (implicit ? TRAIN_TIMESTEPS / 2 : TRAIN_TIMESTEPS)) {
    throw new AppError(
      'invalid-input',
      `The prior's steps are "${steps}"; accepted: 2 to ${TRAIN_TIMESTEPS}, or ddim2 to ddim${TRAIN_TIMESTEPS / 2}.`,
    );
  }
  return implicit ? implicitPrior(count) : ancestralPrior(count);
}

function ancestralPrior(count: number): PriorSampler {
  const tables = tablesOf(cosineBetas(TRAIN_TIMESTEPS), respaced(count, TRAIN_TIMESTEPS));
  return {
    timesteps: [...tables.timesteps].reverse(),
    drawsAt: () => true,
    step(predicted, sample, step, noise) {
      const k = count - 1 - step;
      const share = posteriorMean(tables, k);
      const clean = clamp(predicted, -CLEAN_RANGE, CLEAN_RANGE);
      const mean = weightedSum([share.clean, clean], [share.sample, sample]);
      if (k === 0) return mean;
      const deviation = exp32(mul32(0.5, f32(tables.posteriorLogVariance[k]!)));
      return weightedSum([1, mean], [deviation, requireNoise(noise ?? undefined)]);
    },
  };
}

function implicitPrior(count: number): PriorSampler {
  const all = cumulativeSignal(cosineBetas(TRAIN_TIMESTEPS));
  const stride = Math.floor(TRAIN_TIMESTEPS / count);
  const rising: number[] = [];
  for (let t = 1; t < TRAIN_TIMESTEPS; t += stride) rising.push(t);
  const timesteps = [...rising].reverse();
  return {
    timesteps,
    drawsAt: () => true,
    step(predicted, sample, step) {
      const alpha = all[timesteps[step]!]!;
      const next = timesteps[step + 1];
      const after = next === undefined ? 1 : all[next]!;
      const clean = clamp(predicted, -CLEAN_RANGE, CLEAN_RANGE);
      // eps from the bounded clean embedding: (√(1/ᾱ)·x − x0) / √(1/ᾱ − 1)
      const scale = 1 / Math.sqrt(1 / alpha - 1);
      const noise = weightedSum([Math.sqrt(1 / alpha) * scale, sample], [-scale, clean]);
      return weightedSum([Math.sqrt(after), clean], [Math.sqrt(1 - after), noise]);
    },
  };
}
