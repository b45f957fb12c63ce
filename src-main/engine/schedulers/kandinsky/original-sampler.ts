import { AppError } from '../../../../src-shared/kernel/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { readConfig } from '../config-reader.ts';
import type { Scheduler, SchedulerConfig } from '../scheduler.ts';

/** A sampler of the original Kandinsky implementation, with its own way of starting from a picture. */
export interface OriginalSampler extends Scheduler {
  /** Rows of every noise draw. The implementation carries the guided pair as a batch of two; the first row counts. */
  readonly noiseRows: 2;
  /** The timestep whose noise an init picture gets; null where sampling starts from noise alone. */
  readonly startTimestep: number | null;
}

export interface OriginalOptions {
  /** Whose conventions hold; 2.1's when absent. */
  readonly release?: '2.0' | '2.1';
  /** Inference steps asked for. */
  readonly steps: number;
  /** ddim_sampler's η, 0..1. */
  readonly eta?: number;
  /**
   * Image to image: the share of the way that is skipped, 0..1; the opposite of what diffusers calls strength.
   * Absent = start from noise.
   */
  readonly skip?: number;
  /** Inpainting with p_sampler: puts the known part into the predicted clean latents. */
  readonly keepKnown?: (clean: Tensor) => Tensor;
}

/** Training noise schedule of the decoder; the defaults are Kandinsky 2.1's. */
export function originalBetas(
  config: SchedulerConfig,
  name: string,
): { readonly start: number; readonly end: number; readonly count: number } {
  const reader = readConfig(config, name);
  return {
    start: reader.number('beta_start', 0.00085),
    end: reader.number('beta_end', 0.012),
    count: reader.integer('num_train_timesteps', 1000, { min: 2, max: 1_000_000 }),
  };
}

/**
 * ⌊count·(1 − skip)⌋, truncated in float64 as the reference does (skipping 0.8 of 1000 keeps 199).
 * @throws {AppError} `invalid-input` when nothing is left.
 */
export function keptShare(name: string, skip: number, count: number): number {
  const kept = Math.trunc(count * (1 - skip));
  if (kept >= 1) return kept;
  throw new AppError(
    'invalid-input',
    `A strength of ${skip} with ${name} leaves no step to run: with the original samplers it is the share of the way that is skipped. Accepted: less than ${(1 - 1 / count).toFixed(3)}.`,
  );
}
