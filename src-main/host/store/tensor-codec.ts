import { endianness } from 'node:os';
import { sizeOf, type Tensor } from '../../engine/tensor/tensor.ts';

/**
 * Layout of a stored tensor, all little endian:
 *
 *     0  "IBT1"                      4 bytes: mark and version
 *     4  rank r                      uint32
 *     8  dims                        r × uint32
 *     …  values, row-major           float32 × product of the dims
 */
const MARK = 0x31544249;
const MAX_RANK = 8;

/** Media type of the bytes that {@link encodeTensor} makes. */
export const TENSOR_MEDIA_TYPE = 'application/x-inbetween-tensor';

/** @throws {RangeError} for more than 8 dimensions, or data that do not fit the shape. */
export function encodeTensor(tensor: Tensor): Uint8Array {
  const { dims, data } = tensor;
  if (dims.length > MAX_RANK) throw new RangeError(`a stored tensor has at most ${MAX_RANK} dimensions`);
  if (sizeOf(dims) !== data.length) {
    throw new RangeError(`shape [${dims.join(', ')}] does not hold ${data.length} values`);
  }
  const start = 8 + 4 * dims.length;
  const bytes = new Uint8Array(start + 4 * data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MARK, true);
  view.setUint32(4, dims.length, true);
  dims.forEach((dim, index) => {
    view.setUint32(8 + 4 * index, dim, true);
  });
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
  if (endianness() === 'BE') swapWords(bytes.subarray(start));
  return bytes;
}

/** @returns undefined for bytes that are not a whole tensor of a known version: callers compute it again. */
export function decodeTensor(bytes: Uint8Array): Tensor | undefined {
  if (bytes.byteLength < 8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rank = view.getUint32(4, true);
  const start = 8 + 4 * rank;
  if (view.getUint32(0, true) !== MARK || rank > MAX_RANK || bytes.byteLength < start) return undefined;
  const dims = Array.from({ length: rank }, (_, index) => view.getUint32(8 + 4 * index, true));
  if (bytes.byteLength - start !== 4 * sizeOf(dims)) return undefined;
  // A copy, since the values need not lie at a multiple of four (and a Buffer's slice would be a view).
  const values = new Uint8Array(bytes.byteLength - start);
  values.set(bytes.subarray(start));
  if (endianness() === 'BE') swapWords(values);
  return { dims, data: new Float32Array(values.buffer) };
}

function swapWords(bytes: Uint8Array): void {
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).swap32();
}
