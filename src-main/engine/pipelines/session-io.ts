import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { ElementType, PortTensor, Session, TensorInfo } from '../ports.ts';
import { sizeOf, type Tensor } from '../tensor/tensor.ts';
import { packFloat16, unpackFloat16 } from './float16.ts';

/**
 * The input or output that goes by one of `names`; failing that the only one of a rank that fits.
 * Exporters disagree on names, so a folder is read by what its session says.
 */
export function findTensor(
  infos: readonly TensorInfo[],
  names: readonly string[],
  ranks: readonly number[] = [],
): TensorInfo | undefined {
  for (const name of names) {
    const found = infos.find((info) => info.name === name);
    if (found !== undefined) return found;
  }
  const fitting = infos.filter((info) => ranks.includes(info.dims.length));
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** As {@link findTensor}. @throws {AppError} `invalid-model` listing what the session has. */
export function requireTensor(
  component: string,
  role: 'input' | 'output',
  infos: readonly TensorInfo[],
  names: readonly string[],
  ranks: readonly number[] = [],
): TensorInfo {
  const found = findTensor(infos, names, ranks);
  if (found !== undefined) return found;
  throw new AppError(
    'invalid-model',
    `${component}/model.onnx has no ${role} named ${names.join(' or ')}. It has: ${infos.map(describeTensor).join(', ')}.`,
  );
}

/** "sample float32[batch, 4, 64, 64]" */
export function describeTensor(info: TensorInfo): string {
  return `${info.name} ${info.type}[${info.dims.join(', ')}]`;
}

/**
 * Values as the element type that the session asks for. float32 shares the array, so it must stay unchanged until the
 * run has ended. Integers are truncated towards zero, as the reference's cast does.
 */
export function toPort(
  info: TensorInfo,
  dims: readonly number[],
  values: Float32Array | readonly number[],
): PortTensor {
  return { type: info.type, dims, data: castTo(info.type, values, info.name) };
}

function castTo(
  type: ElementType,
  values: Float32Array | readonly number[],
  name: string,
): PortTensor['data'] {
  switch (type) {
    case 'float32':
      return values instanceof Float32Array ? values : Float32Array.from(values);
    case 'float64':
      return Float64Array.from(values);
    case 'float16':
      return packFloat16(values);
    case 'int64':
      return BigInt64Array.from(values as readonly number[], (value) => BigInt(Math.trunc(value)));
    case 'int32':
      return Int32Array.from(values as readonly number[], (value) => Math.trunc(value));
    case 'bool':
      return Uint8Array.from(values as readonly number[], (value) => (value === 0 ? 0 : 1));
    default:
      throw new AppError(
        'invalid-model',
        `Input ${name} has the element type ${type}. Accepted: float32, float16, float64, int64, int32, bool.`,
      );
  }
}

/** A session's output as float32; float32 data is passed on without a copy. */
export function fromPort(component: string, name: string, port: PortTensor | undefined): Tensor {
  if (port === undefined) {
    throw new AppError('engine-failed', `${component} returned no output ${name}.`);
  }
  const { data, dims } = port;
  let values: Float32Array;
  if (data instanceof Float32Array) values = data;
  else if (data instanceof Uint16Array) values = unpackFloat16(data);
  else if (data instanceof Float64Array) values = Float32Array.from(data);
  else {
    throw new AppError(
      'invalid-model',
      `Output ${name} of ${component} has the element type ${port.type}. Accepted: float32, float16, float64.`,
    );
  }
  if (sizeOf(dims) !== values.length) {
    throw new AppError(
      'engine-failed',
      `Output ${name} of ${component} says [${dims.join(', ')}] but holds ${values.length} values.`,
    );
  }
  return { dims, data: values };
}

/** Runs a session; whatever it throws comes back as an {@link AppError} that names the component and the stage. */
export async function runSession(
  session: Session,
  component: string,
  stage: string,
  feeds: Readonly<Record<string, PortTensor>>,
): Promise<Record<string, PortTensor>> {
  try {
    return await session.run(feeds);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('engine-failed', `${component} failed at ${stage}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** Whether every value is a finite number. */
function allFinite(data: Float32Array): boolean {
  // x - x is 0 for finite x and NaN for NaN and infinities, so one sum tells without a branch a value.
  let sum = 0;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    sum += value - value;
  }
  return sum === 0;
}

/** @throws {AppError} `engine-failed` when NaN or an infinity appeared: never a black frame. */
export function requireFinite(data: Float32Array, where: string): void {
  if (allFinite(data)) return;
  const advice =
    'The values overflowed. Models in float16 do so on some execution providers: try the CPU, a float32 export, or a lower guidance scale.';
  throw new AppError('engine-failed', `${where} holds NaN or infinite values. ${advice}`, {
    data: { where },
  });
}
