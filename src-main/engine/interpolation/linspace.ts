import { sizeOf, type Tensor } from '../tensor/tensor.ts';

/**
 * `tf.linspace(from, to, count, axis=0)` on float32 tensors: `count` evenly spaced tensors on a new leading axis,
 * from + δ·i with δ = (to − from)/(count − 1), the last one exactly `to`; one is `from`. Shapes broadcast from the
 * right, as in numpy.
 * @returns shape [count, ...broadcast shape]
 * @throws {RangeError} when count is no positive integer or the shapes do not broadcast.
 */
export function linspace(from: Tensor, to: Tensor, count: number): Tensor {
  if (!Number.isInteger(count) || count < 1)
    throw new RangeError(`linspace needs a count from 1, not ${count}`);
  const dims = broadcastDims(from.dims, to.dims);
  const a = broadcast(from, dims);
  const b = broadcast(to, dims);
  const size = sizeOf(dims);
  const data = new Float32Array(count * size);
  const divisor = Math.max(count - 1, 1);
  for (let i = 0; i < size; i++) {
    const start = a[i]!;
    const delta = Math.fround(Math.fround(b[i]! - start) / divisor);
    data[i] = start;
    for (let n = 1; n < count - 1; n++) data[n * size + i] = start + Math.fround(delta * n);
    if (count > 1) data[(count - 1) * size + i] = b[i]!;
  }
  return { dims: [count, ...dims], data };
}

/**
 * A walk through keys: the linspaces of each pair of neighbours in a row, `count` frames each, so every inner key is
 * there twice.
 * @returns shape [count·(keys − 1), ...key shape]
 * @throws {RangeError} with fewer than two keys.
 */
export function linspaceDirect(keys: readonly Tensor[], count: number): Tensor {
  const [first] = keys;
  if (!first || keys.length < 2) throw new RangeError('a walk needs two keys or more');
  const size = sizeOf(first.dims);
  const segments = keys.length - 1;
  const data = new Float32Array(segments * count * size);
  for (let i = 0; i < segments; i++) data.set(linspace(keys[i]!, keys[i + 1]!, count).data, i * count * size);
  return { dims: [segments * count, ...first.dims], data };
}

/**
 * A grid between any number of keys: one key is itself, two are a {@link linspace}, more are the linspace between the
 * grids of the first ⌊n/2⌋ and of the others. Four keys give rows from (0, 1) to (2, 3): key 0 top left, 1 top right,
 * 2 bottom left, 3 bottom right; with three, the first is drawn out along the edge of the other two.
 * @returns shape [count, ..., count, ...key shape] with ⌈log₂ keys⌉ grid axes
 * @throws {RangeError} without keys.
 */
export function linspaceL(keys: readonly Tensor[], count: number): Tensor {
  const [first, second] = keys;
  if (!first) throw new RangeError('a grid needs one key or more');
  if (!second) return first;
  if (keys.length === 2) return linspace(first, second, count);
  const half = keys.length >> 1;
  return linspace(linspaceL(keys.slice(0, half), count), linspaceL(keys.slice(half), count), count);
}

/** The frames of a stack whose frames have the shape `dims`, row by row; views, not copies. */
export function framesOf(stack: Tensor, dims: readonly number[]): Tensor[] {
  const size = sizeOf(dims);
  const count = size === 0 ? 0 : stack.data.length / size;
  return Array.from({ length: count }, (_, i) => ({
    dims,
    data: stack.data.subarray(i * size, (i + 1) * size),
  }));
}

function broadcastDims(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a[i - rank + a.length] ?? 1;
    const right = b[i - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new RangeError(`shapes [${a.join(', ')}] and [${b.join(', ')}] do not broadcast`);
    }
    return left === 1 ? right : left;
  });
}

function broadcast(tensor: Tensor, dims: readonly number[]): Float32Array {
  const lead = dims.length - tensor.dims.length;
  let data = tensor.data;
  let inner = 1;
  // From the last axis on, every axis of length 1 is repeated to the wanted length.
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    const own = axis < lead ? 1 : tensor.dims[axis - lead]!;
    const wanted = dims[axis]!;
    if (own !== wanted) {
      const repeated = new Float32Array(data.length * wanted);
      for (let block = 0; block * inner < data.length; block++) {
        const piece = data.subarray(block * inner, (block + 1) * inner);
        for (let n = 0; n < wanted; n++) repeated.set(piece, (block * wanted + n) * inner);
      }
      data = repeated;
    }
    inner *= wanted;
  }
  return data;
}
