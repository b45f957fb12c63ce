import type { Tensor } from '../tensor/tensor.ts';
import { badFile, BYTES_OF, floatsFrom, isFloatType } from './element-types.ts';

/** Embeddings have a handful of tensors; a header of a megabyte belongs to something else. */
const MAX_HEADER = 1 << 20;

/**
 * The tensors of a safetensors file: an 8-byte length, a JSON header, raw little-endian data.
 * @throws {AppError} invalid-asset for a header or offsets that do not fit the file, and for integer tensors
 */
export function readSafetensors(bytes: Uint8Array): Map<string, Tensor> {
  if (bytes.length < 8) throw badFile('is cut short: it has no safetensors header.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = view.getBigUint64(0, true);
  if (headerLength > BigInt(MAX_HEADER) || headerLength > BigInt(bytes.length - 8)) {
    throw badFile(`says that its safetensors header has ${headerLength} bytes, which it cannot have.`);
  }
  const start = 8 + Number(headerLength);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, start)));
  } catch {
    throw badFile('has a safetensors header that is no JSON.');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw badFile('has a safetensors header that is no JSON object.');
  }
  const tensors = new Map<string, Tensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    tensors.set(name, tensorOf(name, entry, bytes.subarray(start)));
  }
  return tensors;
}

function tensorOf(name: string, entry: unknown, data: Uint8Array): Tensor {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  if (!isFloatType(dtype)) {
    throw badFile(
      `keeps "${name}" as ${JSON.stringify(dtype)}. Accepted: ${Object.keys(BYTES_OF).join(', ')}.`,
    );
  }
  const wholes = (value: unknown): value is number[] =>
    Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && one >= 0);
  if (!wholes(shape) || !wholes(offsets) || offsets.length !== 2) {
    throw badFile(`has no proper shape and offsets for "${name}".`);
  }
  const [from, to] = offsets as [number, number];
  const size = shape.reduce((product, side) => product * side, 1) * BYTES_OF[dtype];
  if (from > to || to > data.length || to - from !== size) {
    throw badFile(
      `places "${name}" [${shape.join(', ')}] at bytes ${from} to ${to} of ${data.length}, where it does not fit.`,
    );
  }
  return { dims: shape, data: floatsFrom(data.subarray(from, to), dtype) };
}
