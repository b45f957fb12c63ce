import type { Tensor } from '../engine/tensor/tensor.ts';

/** A float32 tensor as a NumPy file (format 1.0, little endian, C order). Source: NumPy format specification, NEP 1. */
export function encodeNpy({ dims, data }: Tensor): Buffer {
  const shape = dims.length === 1 ? `(${dims[0]},)` : `(${dims.join(', ')})`;
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }`;
  // The data starts at a multiple of 64 bytes; the header ends with a line break.
  const header = `${text.padEnd(Math.ceil((10 + text.length + 1) / 64) * 64 - 11)}\n`;
  const head = Buffer.alloc(10);
  head.write('\x93NUMPY\x01\x00', 0, 'latin1');
  head.writeUInt16LE(header.length, 8);
  const bytes = Buffer.alloc(data.length * 4);
  for (let i = 0; i < data.length; i++) bytes.writeFloatLE(data[i] as number, i * 4);
  return Buffer.concat([head, Buffer.from(header, 'latin1'), bytes]);
}
