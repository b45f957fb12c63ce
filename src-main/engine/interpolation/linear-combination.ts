import { sizeOf, type Tensor } from '../tensor/tensor.ts';

/** @throws {RangeError} when the shapes differ. */
export function assertSameShape(a: Tensor, b: Tensor): void {
  if (a.dims.length !== b.dims.length || a.dims.some((dim, i) => dim !== b.dims[i])) {
    throw new RangeError(`shapes [${a.dims.join(', ')}] and [${b.dims.join(', ')}] differ`);
  }
}

/**
 * Σ wᵢ·xᵢ. The weights are float64 numbers that are rounded to float32 once; products and sums are float32, as
 * numpy and torch compute with a scalar and a float32 array. Terms of weight 0 are left out, and a lone term of
 * weight 1 comes back as the very same tensor, so that corners and keys stay bit-exact.
 * @throws {RangeError} when there is no term or shapes differ.
 */
export function linearCombination(weights: readonly number[], tensors: readonly Tensor[]): Tensor {
  const first = tensors[0];
  if (!first || weights.length !== tensors.length)
    throw new RangeError('as many weights as tensors are needed');
  for (const other of tensors) assertSameShape(first, other);
  const used = weights
    .map((weight, i) => ({ weight: Math.fround(weight), tensor: tensors[i]! }))
    .filter((t) => t.weight !== 0);
  if (used.length === 1 && used[0]!.weight === 1) return used[0]!.tensor;
  const data = new Float32Array(sizeOf(first.dims));
  used.forEach(({ weight, tensor }, nth) => {
    const from = tensor.data;
    if (nth === 0) for (let i = 0; i < data.length; i++) data[i] = weight * from[i]!;
    else for (let i = 0; i < data.length; i++) data[i] = data[i]! + Math.fround(weight * from[i]!);
  });
  return { dims: first.dims, data };
}
