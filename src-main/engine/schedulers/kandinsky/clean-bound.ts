import { f32 } from '../../tensor/float32.ts';
import { clamp, map } from '../../tensor/ops.ts';
import { sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { readConfig } from '../config-reader.ts';
import type { SchedulerConfig } from '../scheduler.ts';
import type { OriginalOptions } from './original-sampler.ts';

/** What a sampler does to its predicted clean latents, apart from p_sampler's own threshold. */
export interface CleanBound {
  /** Null: nothing. */
  readonly apply: ((clean: Tensor) => Tensor) | null;
  /** Whether the settings are read and change nothing. */
  readonly unused: boolean;
}

/** Kandinsky 2.1's p_sampler. */
const CLEAN_RANGE = 2;
const PERCENTILE = 99.5;

/**
 * Kandinsky 2.0's `denoised_type` ("dynamic_threshold" or "clip_denoised") and `dynamic_threshold_v` (a percentile). In
 * the original they act in p_sampler's inpainting alone; `denoised_apply: "always"` lets them act with every task and
 * sampler. Kandinsky 2.1 clamps p_sampler's latents to ±2 instead.
 * @throws {AppError} `invalid-model` for values that mean nothing
 */
export function cleanBound(
  name: string,
  config: SchedulerConfig,
  { release, keepKnown }: Pick<OriginalOptions, 'release' | 'keepKnown'>,
): CleanBound {
  const reader = readConfig(config, name);
  const type = reader.choice('denoised_type', 'dynamic_threshold', ['dynamic_threshold', 'clip_denoised']);
  const percentile = reader.number('dynamic_threshold_v', PERCENTILE);
  if (!(percentile >= 0 && percentile <= 100)) reader.refuse('dynamic_threshold_v', '0 to 100');
  const everywhere = reader.choice('denoised_apply', 'original', ['original', 'always']) === 'always';
  const ancestral = name === 'p_sampler';
  if (everywhere || (release === '2.0' && ancestral && keepKnown !== undefined)) {
    const apply =
      type === 'clip_denoised'
        ? (clean: Tensor) => clamp(clean, -1, 1)
        : (clean: Tensor) => thresholded(clean, percentile);
    return { apply, unused: false };
  }
  const given = config['denoised_type'] !== undefined || config['dynamic_threshold_v'] !== undefined;
  const ranged = release !== '2.0' && ancestral;
  return { apply: ranged ? (clean) => clamp(clean, -CLEAN_RANGE, CLEAN_RANGE) : null, unused: given };
}

/** Clipped to ±s and divided by s, s being the percentile (0..100) of the first item's |values|, at least 1. */
export function thresholded(values: Tensor, percentile: number): Tensor {
  const first = values.data.subarray(0, sizeOf(values.dims.slice(1)));
  const s = Math.max(percentileOf(first, percentile / 100), 1);
  return map(values, (value) => Math.min(Math.max(value, -s), s) / s);
}

/** Linear interpolation between the two nearest ranks of |values|, in float64. */
function percentileOf(values: Float32Array, share: number): number {
  const sorted = values.map(Math.abs).sort();
  const rank = share * (sorted.length - 1);
  const index = Math.floor(rank);
  const below = sorted[index]!;
  const above = sorted[Math.min(index + 1, sorted.length - 1)]!;
  return f32(below + (above - below) * (rank - index));
}
