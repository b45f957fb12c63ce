import { add32, f32, mul32, sqrt32 } from '../tensor/float32.ts';
import { divide, weightedSum } from '../tensor/ops.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ConfigReader } from './config-reader.ts';
import { linspace32 } from './linspace.ts';
import {
  logSigmaTable,
  type SigmaSpread,
  sigmasAt,
  sigmaTable,
  spreadSigmas,
  timestepOfSigma,
} from './sigma-schedules.ts';
import { type SpacingSettings, spaceTimesteps } from './timestep-spacing.ts';

/** Noise levels of the schedulers that work with x = x₀ + σ·ε: LMS, Euler, Euler ancestral, Heun. */
export interface SigmaPlan {
  /** float32, one for each step. */
  readonly timesteps: readonly number[];
  /** float32, one more than timesteps (two more with log_linear interpolation). */
  readonly sigmas: readonly number[];
  readonly initNoiseSigma: number;
  readonly notes: readonly string[];
}

export interface SigmaPlanSettings {
  readonly spacing: SpacingSettings;
  readonly spread: SigmaSpread;
  /** Replaces the smallest and largest noise level of a spread. */
  readonly range?: { readonly min: number | null; readonly max: number | null };
  readonly interpolation?: 'linear' | 'log_linear';
  /** The noise level after the last step. */
  readonly final?: 'zero' | 'sigma_min';
}

/**
 * Reads sigma_min and sigma_max. They also count for classes that do not have the keys themselves, because the
 * reference reads them from the whole file.
 */
export function readSigmaRange(reader: ConfigReader): { min: number | null; max: number | null } {
  const min = reader.optionalNumber('sigma_min');
  const max = reader.optionalNumber('sigma_max');
  if (min !== null && min <= 0) reader.refuse('sigma_min', 'a number above 0');
  if (max !== null && max <= 0) reader.refuse('sigma_max', 'a number above 0');
  return { min, max };
}

/** set_timesteps of LMSDiscreteScheduler, EulerDiscreteScheduler and HeunDiscreteScheduler, diffusers 0.42.1. */
export function planSigmas(alphasCumprod: Float32Array, settings: SigmaPlanSettings): SigmaPlan {
  const { spacing, spread, range, interpolation = 'linear', final = 'zero' } = settings;
  const table = sigmaTable(alphasCumprod);
  const logs = logSigmaTable(table);
  const spaced = spaceTimesteps(spacing, 'fractional');
  let { timesteps } = spaced;
  let levels: readonly number[] =
    interpolation === 'linear'
      ? sigmasAt(timesteps, table)
      : Array.from(linspace32(logs[logs.length - 1]!, logs[0]!, spacing.steps + 1), (x) => f32(Math.exp(x)));
  if (spread !== 'table') {
    levels = spreadSigmas(spread, spacing.steps, {
      min: range?.min ?? levels[levels.length - 1]!,
      max: range?.max ?? levels[0]!,
    });
    timesteps = levels.map((sigma) => timestepOfSigma(sigma, logs));
  }
  const sigmas = [...levels, final === 'zero' ? 0 : table[0]!].map(f32);
  const max = Math.max(...sigmas);
  return {
    timesteps: timesteps.map(f32),
    sigmas,
    initNoiseSigma: spacing.spacing === 'leading' ? sqrt32(add32(mul32(max, max), 1)) : max,
    notes: spaced.notes,
  };
}

/** x / √(σ² + 1): the model sees samples of unit variance. */
export function scaleToUnitVariance(sample: Tensor, sigma: number): Tensor {
  return divide(sample, sqrt32(add32(mul32(sigma, sigma), 1)));
}

/** x₀ + σ·ε */
export function addNoiseAtSigma(original: Tensor, noise: Tensor, sigma: number): Tensor {
  return weightedSum([1, original], [sigma, noise]);
}
