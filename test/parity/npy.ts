/** An array from a NumPy file. */
export interface NpyArray {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/**
 * Reads a little-endian float32 array in C order (NumPy format 1.0 and 2.0).
 * @throws {Error} for any other file
 */
export function readNpy(bytes: Uint8Array): NpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (from: number, to: number): string => Buffer.from(bytes.subarray(from, to)).toString('latin1');
  if (text(0, 6) !== '\x93NUMPY') throw new Error('not a NumPy file');
  const start = bytes[6] === 1 ? 10 : 12;
  const length = bytes[6] === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const header = text(start, start + length);
  const shape = /'shape': \(([^)]*)\)/.exec(header)?.[1];
  if (shape === undefined || !header.includes("'<f4'") || header.includes("'fortran_order': True")) {
    throw new Error(`not a float32 array in C order: ${header.trim()}`);
  }
  const dims = shape
    .split(',')
    .map((dim) => dim.trim())
    .filter((dim) => dim !== '')
    .map(Number);
  const data = new Float32Array(dims.reduce((product, dim) => product * dim, 1));
  for (let i = 0; i < data.length; i++) data[i] = view.getFloat32(start + length + i * 4, true);
  return { dims, data };
}
