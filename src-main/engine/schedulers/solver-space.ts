import { add32, div32, f32, log32, mul32, sqrt32, sub32 } from '../tensor/float32.ts';
import { divide, weightedSum } from '../tensor/ops.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ConfigReader } from './config-reader.ts';
import { roundHalfEven } from './linspace.ts';
import type { PredictionType } from './prediction.ts';
import {
  logSigmaTable,
  type SigmaSpread,
  sigmasAt,
  sigmaTable,
  spreadSigmas,
  timestepOfSigma,
} from './sigma-schedules.ts';
import { type SpacingSettings, spaceSolverTimesteps } from './timestep-spacing.ts';

/** A noise level as the exponential solvers see it: x = α·x₀ + σ·ε with α² + σ² = 1, λ = ln α − ln σ. */
export interface SolverLevel {
  readonly alpha: number;
  readonly sigma: number;
  /** Half the logarithm of the signal-to-noise ratio; Infinity without noise. */
  readonly lambda: number;
}

/** @param sigma noise level of the unscaled form x₀ + σ·ε, float32 */
export function solverLevel(sigma: number): SolverLevel {
  const alpha = div32(1, sqrt32(add32(mul32(sigma, sigma), 1)));
  const scaled = mul32(sigma, alpha);
  return { alpha, sigma: scaled, lambda: sub32(log32(alpha), log32(scaled)) };
}

/** x₀ from a model output at a solver level. */
export function cleanAtLevel(
  type: PredictionType,
  output: Tensor,
  sample: Tensor,
  level: SolverLevel,
): Tensor {
  switch (type) {
    case 'epsilon':
      return divide(weightedSum([1, sample], [-level.sigma, output]), level.alpha);
    case 'sample':
      return output;
    case 'v_prediction':
      return weightedSum([level.alpha, sample], [-level.sigma, output]);
  }
}

/** ε from a model output at a solver level. */
export function noiseAtLevel(
  type: PredictionType,
  output: Tensor,
  sample: Tensor,
  level: SolverLevel,
): Tensor {
  switch (type) {
    case 'epsilon':
      return output;
    case 'sample':
      return noiseFromClean(output, sample, level);
    case 'v_prediction':
      return weightedSum([level.alpha, output], [level.sigma, sample]);
  }
}

/** (x − α·x₀) / σ */
export function noiseFromClean(clean: Tensor, sample: Tensor, level: SolverLevel): Tensor {
  return divide(weightedSum([1, sample], [-level.alpha, clean]), level.sigma);
}

/** α·x₀ + σ·ε at the noise level σ of a step. */
export function addNoiseAtLevel(original: Tensor, noise: Tensor, sigma: number): Tensor {
  const level = solverLevel(sigma);
  return weightedSum([level.alpha, original], [level.sigma, noise]);
}

export interface SolverPlan {
  /** Whole numbers. */
  readonly timesteps: readonly number[];
  /** float32, one more than timesteps. */
  readonly sigmas: readonly number[];
  readonly notes: readonly string[];
}

export interface SolverPlanSettings {
  readonly spacing: SpacingSettings;
  /** Number of training timesteps that may be used. */
  readonly last: number;
  readonly spread: SigmaSpread;
  readonly range: { readonly min: number | null; readonly max: number | null };
  /** The timesteps of which spreads are rounded; of the others they are cut off, as the reference does. */
  readonly rounds: (spread: SigmaSpread) => boolean;
  /** After the last step: no noise, the table's lowest level, or the last level of a spread once more. */
  readonly final: 'zero' | 'table' | 'repeat';
}

/** set_timesteps of DPMSolverMultistepScheduler, UniPCMultistepScheduler, DEISMultistepScheduler, diffusers 0.42.1. */
export function planSolver(alphasCumprod: Float32Array, settings: SolverPlanSettings): SolverPlan {
  const { spacing, last, spread, range, rounds, final } = settings;
  const table = sigmaTable(alphasCumprod);
  if (spread === 'table') {
    const { timesteps, notes } = spaceSolverTimesteps(spacing, last);
    const ending = final === 'zero' ? 0 : table[0]!;
    return { timesteps, sigmas: [...sigmasAt(timesteps, table), ending].map(f32), notes };
  }
  const logs = logSigmaTable(table);
  const levels = spreadSigmas(spread, spacing.steps, {
    min: (spread === 'lu' ? null : range.min) ?? table[0]!,
    max: (spread === 'lu' ? null : range.max) ?? table[table.length - 1]!,
  });
  const timesteps = levels.map((sigma) => {
    const t = timestepOfSigma(sigma, logs);
    return rounds(spread) ? roundHalfEven(t) : Math.trunc(t);
  });
  const endings = { zero: 0, table: table[0]!, repeat: levels[levels.length - 1]! };
  return { timesteps, sigmas: [...levels, endings[final]].map(f32), notes: [] };
}

const UNSUPPORTED = ['use_flow_sigmas', 'use_dynamic_shifting', 'shift_terminal'];

/** @throws {AppError} invalid-model when a feature of flow matching is on. */
export function requireNoFlow(reader: ConfigReader): void {
  for (const key of UNSUPPORTED) reader.requireUnset(key);
}

/**
 * Solvers cut the training range into steps + 1 parts, so they take one step less than there are timesteps, except
 * with trailing spacing.
 */
export function requireDistinctTimesteps(reader: ConfigReader, settings: SolverPlanSettings): void {
  const { steps, spacing, trainTimesteps } = settings.spacing;
  if (settings.spread === 'table' && spacing !== 'trailing' && steps >= trainTimesteps) {
    reader.refuse('num_train_timesteps', `more than the ${steps} steps asked for`);
  }
}
