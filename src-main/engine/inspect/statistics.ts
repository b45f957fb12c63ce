import type { Tensor } from '../tensor/tensor.ts';

export interface Statistics {
  readonly mean: number;
  /** The unbiased one (n − 1), as torch.std. */
  readonly std: number;
  readonly min: number;
  readonly max: number;
  /** Euclidean length. */
  readonly norm: number;
}

/** Counts of values in bins of equal width from `from` to `to`; the last bin holds `to` itself. */
export interface Histogram {
  readonly from: number;
  readonly to: number;
  readonly counts: readonly number[];
}

/** Accumulated in float64. Zeros for no values. */
export function statisticsOf(values: Float32Array): Statistics {
  const count = values.length;
  if (count === 0) return { mean: 0, std: 0, min: 0, max: 0, norm: 0 };
  let sum = 0;
  let squares = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    sum += value;
    squares += value * value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const mean = sum / count;
  let deviations = 0;
  for (const value of values) deviations += (value - mean) ** 2;
  return { mean, std: Math.sqrt(deviations / Math.max(1, count - 1)), min, max, norm: Math.sqrt(squares) };
}

/** Of each channel of [1, C, h, w], or each row of [1, rows, width]. */
export function statisticsByChannel({ dims, data }: Tensor): Statistics[] {
  const channels = dims[1] ?? 1;
  const size = data.length / channels;
  return Array.from({ length: channels }, (_, i) => statisticsOf(data.subarray(i * size, (i + 1) * size)));
}

export function histogramOf(values: Float32Array, bins: number): Histogram {
  const { min, max } = statisticsOf(values);
  const counts = new Array<number>(bins).fill(0);
  const width = (max - min) / bins;
  for (const value of values) {
    const bin = width === 0 ? 0 : Math.min(bins - 1, Math.floor((value - min) / width));
    counts[bin]! += 1;
  }
  return { from: min, to: max, counts };
}
