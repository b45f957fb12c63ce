import { sizeOf, type Tensor } from '../tensor/tensor.ts';
import { badFile, BYTES_OF, floatsFrom, type FloatType } from './element-types.ts';
import { readStoredZip } from './stored-zip.ts';
import { isKind, type PickledCall, type PickledReference, type PickledValue, unpickle } from './unpickle.ts';

/** A file's content with its tensors in place: dictionaries, lists, texts, numbers, tensors. */
export type TorchValue =
  null | boolean | number | string | Tensor | TorchValue[] | ReadonlyMap<string, TorchValue>;

const STORAGES: { readonly [name: string]: FloatType } = {
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.DoubleStorage': 'F64',
};
/** An embedding has a few thousand values; more than this is another kind of file. */
const MAX_VALUES = 1 << 24;
const MAX_DEPTH = 16;

/**
 * The content of a file that torch.save wrote (a ZIP archive with a pickle and raw storages), read without running
 * anything.
 * @throws {AppError} invalid-asset for older formats, code, compressed members and tensors that leave their storage
 */
export function readTorchFile(bytes: Uint8Array): TorchValue {
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) {
    throw badFile(
      bytes[0] === 0x80
        ? 'is in the format of PyTorch before 1.6. Load it with torch.load(file, weights_only=True) and save it again, or as safetensors.'
        : 'is neither safetensors nor a file of torch.save.',
    );
  }
  const files = readStoredZip(bytes);
  const pickles = [...files.keys()].filter((name) => name === 'data.pkl' || name.endsWith('/data.pkl'));
  if (pickles.length !== 1) throw badFile('is an archive without exactly one data.pkl.');
  const folder = pickles[0]!.slice(0, -'data.pkl'.length);
  const order = files.get(`${folder}byteorder`);
  if (order !== undefined && new TextDecoder().decode(order).trim() !== 'little') {
    throw badFile('was written on a big-endian machine. Accepted: little-endian numbers.');
  }
  return plain(unpickle(files.get(pickles[0]!)!), (key) => files.get(`${folder}data/${key}`), 0);
}

type Storages = (key: string) => Uint8Array | undefined;

function plain(value: PickledValue, storages: Storages, depth: number): TorchValue {
  if (depth > MAX_DEPTH) throw badFile('is nested too deeply.');
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => plain(item, storages, depth + 1));
  if (value instanceof Map) return plainMap(value, storages, depth);
  if (isKind(value, 'call')) return made(value, storages, depth);
  return null;
}

function plainMap(
  value: ReadonlyMap<PickledValue, PickledValue>,
  storages: Storages,
  depth: number,
): ReadonlyMap<string, TorchValue> {
  const entries = [...value]
    .filter(([key]) => typeof key === 'string')
    .map(([key, item]) => [key as string, plain(item, storages, depth + 1)] as const);
  return new Map(entries);
}

function made(call: PickledCall, storages: Storages, depth: number): TorchValue {
  switch (call.callee) {
    case 'torch._utils._rebuild_tensor_v2':
    case 'torch._utils._rebuild_tensor':
      return tensorOf(call, storages);
    case 'torch._utils._rebuild_parameter':
      return plain(call.args[0] ?? null, storages, depth + 1);
    case 'torch.nn.modules.container.ParameterDict': {
      const state = call.state instanceof Map ? call.state : new Map<PickledValue, PickledValue>();
      const parameters = state.get('_parameters');
      return plainMap(parameters instanceof Map ? parameters : state, storages, depth);
    }
    default:
      return null;
  }
}

/** Arguments: storage, offset, size, stride; what follows concerns training. */
function tensorOf({ args }: PickledCall, storages: Storages): Tensor {
  const [storage, offset, dims, strides] = args;
  if (!isKind(storage, 'reference') || !wholes(dims) || !wholes(strides) || dims.length !== strides.length) {
    throw badFile('describes a tensor in an unknown way.');
  }
  if (typeof offset !== 'number' || !Number.isSafeInteger(offset) || offset < 0) {
    throw badFile('describes a tensor in an unknown way.');
  }
  const count = sizeOf(dims);
  if (count > MAX_VALUES) throw badFile(`holds a tensor [${dims.join(', ')}]; an embedding is far smaller.`);
  const values = storageOf(storage, storages);
  const last = dims.reduce((sum, side, axis) => sum + (side - 1) * strides[axis]!, offset);
  if (count > 0 && last >= values.length) {
    throw badFile(
      `holds a tensor [${dims.join(', ')}] that reaches beyond its ${values.length} stored values.`,
    );
  }
  const data = new Float32Array(count);
  const position = new Array<number>(dims.length).fill(0);
  for (let i = 0; i < count; i++) {
    data[i] = values[position.reduce((sum, index, axis) => sum + index * strides[axis]!, offset)]!;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      position[axis]! += 1;
      if (position[axis]! < dims[axis]!) break;
      position[axis] = 0;
    }
  }
  return { dims, data };
}

/** ('storage', kind, key, device, count). */
function storageOf({ id }: PickledReference, storages: Storages): Float32Array {
  const [tag, kind, key, , count] = Array.isArray(id) ? id : [];
  if (tag !== 'storage' || !isKind(kind, 'global') || typeof key !== 'string') {
    throw badFile('refers to a storage in an unknown way.');
  }
  const type = STORAGES[kind.name];
  if (type === undefined) {
    throw badFile(`keeps a tensor as ${kind.name}. Accepted: ${Object.keys(STORAGES).join(', ')}.`);
  }
  const bytes = storages(key);
  if (bytes === undefined) throw badFile(`lacks the data of storage ${key}.`);
  if (bytes.length % BYTES_OF[type] !== 0 || bytes.length / BYTES_OF[type] < Number(count)) {
    throw badFile(`says that storage ${key} has ${String(count)} values, but it has ${bytes.length} bytes.`);
  }
  return floatsFrom(bytes, type);
}

function wholes(value: PickledValue | undefined): value is number[] {
  return (
    Array.isArray(value) &&
    value.every((one) => typeof one === 'number' && Number.isSafeInteger(one) && one >= 0)
  );
}
