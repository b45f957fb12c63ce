/** A dense row-major float32 tensor. The engine computes in float32, as the reference implementation does. */
export interface Tensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** Number of elements of a shape; 1 for a scalar `[]`. */
export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** @throws {RangeError} when the data's length does not fit the shape. */
export function tensor(dims: readonly number[], data: Float32Array): Tensor {
  if (sizeOf(dims) !== data.length) {
    throw new RangeError(`shape [${dims.join(', ')}] holds ${sizeOf(dims)} values, not ${data.length}`);
  }
  return { dims, data };
}

export function zeros(dims: readonly number[]): Tensor {
  return { dims, data: new Float32Array(sizeOf(dims)) };
}

/** Whether two tensors hold the same numbers, bit for bit. */
export function sameTensor(a: Tensor, b: Tensor): boolean {
  return a.data.length === b.data.length && a.data.every((value, i) => Object.is(value, b.data[i]));
}
