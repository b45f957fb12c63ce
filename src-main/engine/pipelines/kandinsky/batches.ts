import { sizeOf, type Tensor } from '../../tensor/tensor.ts';

/** Tensors of one shape [1, ...] as one batch. */
export function stacked(rows: readonly Tensor[]): Tensor {
  const [first] = rows;
  const dims = [rows.length, ...first!.dims.slice(1)];
  const data = new Float32Array(sizeOf(dims));
  for (const [i, row] of rows.entries()) data.set(row.data, i * row.data.length);
  return { dims, data };
}

/** Row `i` of a batch as [1, ...], a copy. */
export function rowOf(batch: Tensor, i: number): Tensor {
  const dims = [1, ...batch.dims.slice(1)];
  const size = sizeOf(dims);
  return { dims, data: batch.data.slice(i * size, (i + 1) * size) };
}
