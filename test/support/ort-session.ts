import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import type {
  ElementType,
  PortTensor,
  Session,
  SessionSource,
  TensorInfo,
} from '../../src-main/engine/ports.ts';

/**
 * The components of a model folder through onnxruntime-node on the CPU, for tests. The host has its own way, with
 * providers, memory limits and a process of its own. `replaced` gives other ONNX files for some of them.
 */
export function openFolder(folder: string, replaced: Readonly<Record<string, string>> = {}): SessionSource {
  const open = new Map<string, Promise<Session>>();
  const pathOf = (component: string) =>
    replaced[component] ??
    (component.includes('/') ? join(folder, `${component}.onnx`) : join(folder, component, 'model.onnx'));
  return {
    has: (component) => existsSync(pathOf(component)),
    session(component) {
      let session = open.get(component);
      if (session === undefined) {
        session = openModel(pathOf(component));
        open.set(component, session);
      }
      return session;
    },
  };
}

/** One ONNX file as a session. */
export async function openModel(path: string): Promise<Session> {
  const session = await ort.InferenceSession.create(path, {
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  return {
    inputs: session.inputMetadata.map(infoOf),
    outputs: session.outputMetadata.map(infoOf),
    async run(feeds) {
      const results = await session.run(
        Object.fromEntries(Object.entries(feeds).map(([name, port]) => [name, toOrt(port)])),
      );
      return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, fromOrt(value)]));
    },
  };
}

function infoOf(metadata: ort.InferenceSession.ValueMetadata): TensorInfo {
  if (!metadata.isTensor) throw new Error(`${metadata.name} is no tensor`);
  return { name: metadata.name, type: metadata.type as ElementType, dims: [...metadata.shape] };
}

function toOrt({ type, data, dims }: PortTensor): ort.Tensor {
  if (type !== 'float16') return new ort.Tensor(type, data as Float32Array, dims);
  const bits = data as Uint16Array;
  const made = new ort.Tensor('float16', new Uint16Array(bits.length) as never, dims);
  // The native side reads 16-bit integers only, while the constructor turns them into a Float16Array.
  (made as unknown as { cpuData: Uint16Array }).cpuData = bits;
  return made;
}

function fromOrt(value: ort.Tensor): PortTensor {
  const data = value.data as unknown as PortTensor['data'];
  const type = value.type as ElementType;
  if (type !== 'float16') return { type, dims: value.dims, data };
  return { type, dims: value.dims, data: new Uint16Array(data.buffer, data.byteOffset, data.length) };
}
