import { f32 } from './float32.ts';
import { sizeOf, type Tensor } from './tensor.ts';

/** A factor and the tensor it multiplies. */
export type Term = readonly [coefficient: number, values: Tensor];

function requireSameShape(a: Tensor, b: Tensor): void {
  if (a.dims.length !== b.dims.length || a.dims.some((dim, axis) => dim !== b.dims[axis])) {
    throw new RangeError(`shapes [${a.dims.join(', ')}] and [${b.dims.join(', ')}] differ`);
  }
}

/**
 * Σ cᵢ·xᵢ from left to right over tensors of one shape. Each coefficient, each product and each partial sum is
 * rounded to float32, as the expression `c0 * x0 + c1 * x1 + …` is in torch. A negative coefficient is a subtraction.
 * @throws {RangeError} when the shapes differ.
 */
export function weightedSum(first: Term, ...rest: readonly Term[]): Tensor {
  const [firstCoefficient, firstTensor] = first;
  const source = firstTensor.data;
  const out = new Float32Array(source.length);
  const scale = f32(firstCoefficient);
  for (let i = 0; i < out.length; i++) out[i] = scale * source[i]!;
  for (const [coefficient, values] of rest) {
    requireSameShape(firstTensor, values);
    const factor = f32(coefficient);
    const data = values.data;
    for (let i = 0; i < out.length; i++) out[i] = out[i]! + f32(factor * data[i]!);
  }
  return { dims: firstTensor.dims, data: out };
}

/** x·c */
export function scale(values: Tensor, factor: number): Tensor {
  return weightedSum([factor, values]);
}

/** a + b */
export function add(a: Tensor, b: Tensor): Tensor {
  return weightedSum([1, a], [1, b]);
}

/** a − b */
export function subtract(a: Tensor, b: Tensor): Tensor {
  return weightedSum([1, a], [-1, b]);
}

/** x / d, a true division (not a product with the reciprocal, which rounds differently). */
export function divide(values: Tensor, divisor: number): Tensor {
  const d = f32(divisor);
  const out = new Float32Array(values.data.length);
  for (let i = 0; i < out.length; i++) out[i] = values.data[i]! / d;
  return { dims: values.dims, data: out };
}

/** `yes` where the mask is 1, `no` elsewhere (torch.where). @param mask of one channel [h·w], the same for all */
export function where(mask: Float32Array, yes: Tensor, no: Tensor): Tensor {
  requireSameShape(yes, no);
  const out = new Float32Array(no.data.length);
  for (let i = 0; i < out.length; i++) out[i] = (mask[i % mask.length] === 1 ? yes : no).data[i]!;
  return { dims: no.dims, data: out };
}

/** a·b element by element. */
export function multiply(a: Tensor, b: Tensor): Tensor {
  requireSameShape(a, b);
  const out = new Float32Array(a.data.length);
  for (let i = 0; i < out.length; i++) out[i] = a.data[i]! * b.data[i]!;
  return { dims: a.dims, data: out };
}

/** Each value limited to low..high; NaN stays NaN. */
export function clamp(values: Tensor, low: number, high: number): Tensor {
  const from = f32(low);
  const to = f32(high);
  const out = new Float32Array(values.data.length);
  for (let i = 0; i < out.length; i++) out[i] = Math.min(Math.max(values.data[i]!, from), to);
  return { dims: values.dims, data: out };
}

/** `change` applied to each value, rounded to float32. */
export function map(values: Tensor, change: (value: number) => number): Tensor {
  return { dims: values.dims, data: values.data.map(change) };
}

/**
 * Channels `from` to `to` (exclusive) of [batch, channels, ...rest].
 * @throws {RangeError} when the tensor has fewer channels.
 */
export function channels(values: Tensor, from: number, to: number): Tensor {
  const [batch = 1, count = 1, ...rest] = values.dims;
  if (from < 0 || to > count || from > to) {
    throw new RangeError(`channels ${from} to ${to} of a tensor with ${count} channels`);
  }
  const plane = sizeOf(rest);
  const out = new Float32Array(batch * (to - from) * plane);
  for (let item = 0; item < batch; item++) {
    const start = (item * count + from) * plane;
    out.set(values.data.subarray(start, start + (to - from) * plane), item * (to - from) * plane);
  }
  return { dims: [batch, to - from, ...rest], data: out };
}
