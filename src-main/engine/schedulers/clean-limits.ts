import { f32, mul32, sub32 } from '../tensor/float32.ts';
import { clamp } from '../tensor/ops.ts';
import { sizeOf, type Tensor } from '../tensor/tensor.ts';
import type { ConfigReader } from './config-reader.ts';

/** Keeps the predicted clean sample within bounds. */
export type CleanLimits =
  | { readonly kind: 'none' }
  | { readonly kind: 'clip'; readonly range: number }
  | { readonly kind: 'threshold'; readonly ratio: number; readonly max: number };

/** Reads thresholding, dynamic_thresholding_ratio, sample_max_value, clip_sample and clip_sample_range. */
export function readCleanLimits(
  reader: ConfigReader,
  has: { readonly thresholding: boolean; readonly clip: false | { readonly fallback: boolean } },
): CleanLimits {
  if (has.thresholding && reader.boolean('thresholding', false)) {
    const ratio = reader.number('dynamic_thresholding_ratio', 0.995);
    if (!(ratio >= 0 && ratio <= 1)) reader.refuse('dynamic_thresholding_ratio', 'a number from 0 to 1');
    return { kind: 'threshold', ratio, max: reader.number('sample_max_value', 1) };
  }
  if (has.clip && reader.boolean('clip_sample', has.clip.fallback)) {
    return { kind: 'clip', range: reader.number('clip_sample_range', 1) };
  }
  return { kind: 'none' };
}

/** @param clean [batch, ...]; thresholds are taken for each item of the batch */
export function limitClean(clean: Tensor, limits: CleanLimits): Tensor {
  switch (limits.kind) {
    case 'none':
      return clean;
    case 'clip':
      return clamp(clean, -limits.range, limits.range);
    case 'threshold':
      return threshold(clean, limits.ratio, limits.max);
  }
}

/**
 * Dynamic thresholding (Imagen, arXiv 2205.11487): s is the quantile of |x₀| limited to 1..max; values are clipped
 * to ±s and divided by s.
 */
function threshold(clean: Tensor, ratio: number, max: number): Tensor {
  const length = sizeOf(clean.dims.slice(1));
  const out = new Float32Array(clean.data.length);
  for (let start = 0; start < out.length; start += length) {
    const item = clean.data.subarray(start, start + length);
    const s = Math.min(Math.max(quantile32(item.map(Math.abs), ratio), 1), f32(max));
    for (let i = 0; i < length; i++) out[start + i] = Math.min(Math.max(item[i]!, -s), s) / s;
  }
  return { dims: clean.dims, data: out };
}

/**
 * `torch.quantile` with linear interpolation for float32 (torch 2.13): the rank q·(n − 1) and the interpolation are
 * float32, interpolating from the nearer end. Sorts a copy. NaN when there is one.
 */
export function quantile32(values: Float32Array, q: number): number {
  const sorted = Float32Array.from(values).sort();
  if (Number.isNaN(sorted[sorted.length - 1]!)) return Number.NaN;
  const rank = mul32(q, sorted.length - 1);
  const index = Math.floor(rank);
  const weight = sub32(rank, index);
  const below = sorted[index]!;
  const above = sorted[Math.min(index + 1, sorted.length - 1)]!;
  if (below === above) return below;
  const span = sub32(above, below);
  return weight < 0.5 ? f32(below + mul32(weight, span)) : f32(above - mul32(span, sub32(1, weight)));
}
