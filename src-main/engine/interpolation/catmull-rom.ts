import type { Tensor } from '../tensor/tensor.ts';
import { linearCombination } from './linear-combination.ts';

/**
 * Uniform Catmull-Rom spline between the second and the third of four keys: passes through both, with the velocity
 * (p2 − p0)/2 at the second and (p3 − p1)/2 at the third, so that neighbouring segments join without a jerk. Repeat
 * the end key where a path has no further one. t = 0 and t = 1 return the keys themselves.
 * @throws {RangeError} when the shapes differ.
 */
export function catmullRom(points: readonly [Tensor, Tensor, Tensor, Tensor], t: number): Tensor {
  if (t === 0) return points[1];
  if (t === 1) return points[2];
  return linearCombination(catmullRomWeights(t), points);
}

/** Weights of the four keys at t; they sum to 1. */
export function catmullRomWeights(t: number): [number, number, number, number] {
  const t2 = t * t;
  const t3 = t2 * t;
  return [(-t + 2 * t2 - t3) / 2, (2 - 5 * t2 + 3 * t3) / 2, (t + 4 * t2 - 3 * t3) / 2, (-t2 + t3) / 2];
}
