import type { Tensor } from '../tensor/tensor.ts';
import { assertSameShape } from './linear-combination.ts';

/**
 * Linear interpolation as `torch.lerp` computes it: from the nearer end, so that equal ends give exactly that end.
 * t = 0 and t = 1 return `from` and `to` themselves; t outside 0..1 (an easing that overshoots) extrapolates.
 * @throws {RangeError} when the shapes differ.
 */
export function lerp(from: Tensor, to: Tensor, t: number): Tensor {
  assertSameShape(from, to);
  if (t === 0) return from;
  if (t === 1) return to;
  const data = new Float32Array(from.data.length);
  lerpRange(data, from.data, to.data, t, 0, data.length);
  return { dims: from.dims, data };
}

/** {@link lerp} of the elements start..end-1, into `out`. */
export function lerpRange(
  out: Float32Array,
  from: Float32Array,
  to: Float32Array,
  t: number,
  start: number,
  end: number,
): void {
  const near = Math.abs(t) < 0.5;
  const weight = Math.fround(near ? t : 1 - Math.fround(t));
  for (let i = start; i < end; i++) {
    const step = Math.fround(weight * Math.fround(to[i]! - from[i]!));
    out[i] = near ? from[i]! + step : to[i]! - step;
  }
}

/**
 * Linear interpolation with the norm kept: each row (last axis; a token of an embedding) points where {@link lerp}
 * points and has the linearly interpolated norm of the end rows, so that half-way rows do not shrink. A row whose
 * lerp is 0 (opposite ends) stays 0.
 * @throws {RangeError} when the shapes differ.
 */
export function nlerp(from: Tensor, to: Tensor, t: number): Tensor {
  const blended = lerp(from, to, t);
  if (t === 0 || t === 1) return blended;
  const width = from.dims.at(-1) ?? 1;
  const data = blended.data;
  for (let start = 0; start < data.length; start += width) {
    const wanted = (1 - t) * norm(from.data, start, width) + t * norm(to.data, start, width);
    const found = norm(data, start, width);
    if (found === 0) continue;
    const scale = Math.fround(Math.abs(wanted) / found);
    for (let i = start; i < start + width; i++) data[i] = data[i]! * scale;
  }
  return blended;
}

function norm(data: Float32Array, start: number, length: number): number {
  let sum = 0;
  for (let i = start; i < start + length; i++) sum += data[i]! * data[i]!;
  return Math.sqrt(sum);
}
