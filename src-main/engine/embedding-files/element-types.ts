import { AppError } from '../../../src-shared/kernel/errors.ts';
import { unpackFloat16 } from '../pipelines/float16.ts';
import { unpackBfloat16 } from './half-floats.ts';

export type FloatType = 'F16' | 'BF16' | 'F32' | 'F64';

export const BYTES_OF: { readonly [type in FloatType]: number } = { F16: 2, BF16: 2, F32: 4, F64: 8 };

export function isFloatType(value: unknown): value is FloatType {
  return typeof value === 'string' && Object.hasOwn(BYTES_OF, value);
}

/** Little-endian numbers as float32. */
export function floatsFrom(bytes: Uint8Array, type: FloatType): Float32Array {
  // A copy starts at a multiple of every element's size, which a view of a file need not do.
  const { buffer } = new Uint8Array(bytes);
  switch (type) {
    case 'F16':
      return unpackFloat16(new Uint16Array(buffer));
    case 'BF16':
      return unpackBfloat16(new Uint16Array(buffer));
    case 'F32':
      return new Float32Array(buffer);
    case 'F64':
      return Float32Array.from(new Float64Array(buffer));
  }
}

export function badFile(problem: string): AppError {
  return new AppError('invalid-asset', `The embedding file ${problem}`);
}
