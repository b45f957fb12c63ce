import type { OnnxValue, Tensor as OrtTensor } from 'onnxruntime-node';
import type { ElementType, PortTensor } from '../../engine/ports.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { Ort } from './ort.ts';

const ELEMENT_TYPES: ReadonlySet<string> = new Set<ElementType>([
  'float32',
  'float16',
  'float64',
  'int64',
  'int32',
  'bool',
  'uint8',
  'int8',
]);

export function isElementType(type: string): type is ElementType {
  return ELEMENT_TYPES.has(type);
}

/** Wraps a tensor for ONNX Runtime without copying its data. */
export function toOrtTensor(ort: Ort, tensor: PortTensor): OrtTensor {
  if (tensor.type !== 'float16') {
    return new ort.Tensor(tensor.type as 'float32', tensor.data as Float32Array, tensor.dims);
  }
  // The binding of 1.30 mistakes a Float16Array, which Node 24's constructor path makes, for an empty buffer
  // ("not enough space: expected 6, got 0"), but takes the bit pattern in an Uint16Array.
  const wrapped = new ort.Tensor('float16', new Uint16Array(tensor.data.length), tensor.dims);
  (wrapped as unknown as { cpuData: Uint16Array }).cpuData = tensor.data as Uint16Array;
  return wrapped;
}

/** @throws {AppError} invalid-model when an output is no tensor of a type that the engine knows. */
export function fromOrtTensor(name: string, value: OnnxValue): PortTensor {
  const tensor = value as OrtTensor;
  if (!isElementType(tensor.type)) {
    throw new AppError(
      'invalid-model',
      `Output "${name}" has the element type ${tensor.type}, which is not supported.`,
    );
  }
  const data = tensor.data as PortTensor['data'];
  if (tensor.type !== 'float16') return { type: tensor.type, dims: tensor.dims, data };
  return {
    type: 'float16',
    dims: tensor.dims,
    data: new Uint16Array(data.buffer as ArrayBuffer, data.byteOffset, data.length),
  };
}
