import type { Tensor } from '../tensor/tensor.ts';
import { lerp, lerpRange } from './lerp.ts';
import { assertSameShape, linearCombination } from './linear-combination.ts';

/** |cos| of the angle above which slerp falls back to lerp, where sin θ in the denominator loses its digits. */
export const DOT_THRESHOLD = 0.9995;

/**
 * Spherical interpolation over the whole tensor as one vector (Shoemake 1985; Karpathy's stable diffusion walk):
 * θ = acos(v0·v1 / ‖v0‖‖v1‖), weights sin((1−t)θ)/sin θ and sin(tθ)/sin θ, lerp above {@link DOT_THRESHOLD} or when
 * an end is 0. The dot product is a sum over all elements; taking acos element by element, as some published
 * pipelines do, is no slerp. Dot and weights in float64, products in float32. t = 0 and t = 1 return the ends
 * themselves; t outside 0..1 goes on along the circle.
 * @throws {RangeError} when the shapes differ.
 */
export function slerp(from: Tensor, to: Tensor, t: number): Tensor {
  assertSameShape(from, to);
  if (t === 0) return from;
  if (t === 1) return to;
  const weights = slerpWeights(from.data, to.data, t);
  return weights ? linearCombination(weights, [from, to]) : lerp(from, to, t);
}

/** {@link slerp} of each row (last axis; a token of an embedding) by itself. */
export function slerpTokens(from: Tensor, to: Tensor, t: number): Tensor {
  assertSameShape(from, to);
  if (t === 0) return from;
  if (t === 1) return to;
  const width = from.dims.at(-1) ?? 1;
  const data = new Float32Array(from.data.length);
  for (let start = 0; start < data.length; start += width) {
    const end = start + width;
    const weights = slerpWeights(from.data, to.data, t, start, end);
    if (!weights) {
      lerpRange(data, from.data, to.data, t, start, end);
      continue;
    }
    const a = Math.fround(weights[0]);
    const b = Math.fround(weights[1]);
    for (let i = start; i < end; i++) data[i] = Math.fround(a * from.data[i]!) + Math.fround(b * to.data[i]!);
  }
  return { dims: from.dims, data };
}

/** The weights of both ends over elements start..end-1, or undefined where lerp is to be used. */
export function slerpWeights(
  from: Float32Array,
  to: Float32Array,
  t: number,
  start = 0,
  end = from.length,
): readonly [number, number] | undefined {
  let product = 0;
  let fromSquares = 0;
  let toSquares = 0;
  for (let i = start; i < end; i++) {
    const a = from[i]!;
    const b = to[i]!;
    product += a * b;
    fromSquares += a * a;
    toSquares += b * b;
  }
  const dot = product / (Math.sqrt(fromSquares) * Math.sqrt(toSquares));
  if (!(Math.abs(dot) <= DOT_THRESHOLD)) return undefined;
  const theta = Math.acos(dot);
  const sine = Math.sin(theta);
  return [Math.sin(theta - theta * t) / sine, Math.sin(theta * t) / sine];
}
