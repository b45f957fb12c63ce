import type { InferenceSession } from 'onnxruntime-node';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { PortTensor, Session, TensorInfo } from '../../engine/ports.ts';
import { loadOrt, type Ort } from './ort.ts';
import { fromOrtTensor, isElementType, toOrtTensor } from './ort-tensors.ts';

/** A {@link Session} with its end: whoever opened it releases it. */
export interface OwnedSession extends Session {
  /** True while a call is under way. */
  readonly running: boolean;
  release(): Promise<void>;
}

/**
 * Opens one ONNX file, or the bytes of a small one. Models are opened by path: weights in files of their own are
 * mapped then, not read, and a file may be larger than a buffer can be.
 * @throws whatever ONNX Runtime says about the file or the provider.
 */
export async function openOrtSession(
  source: string | Uint8Array,
  options: InferenceSession.SessionOptions,
): Promise<OwnedSession> {
  const ort = await loadOrt();
  const native =
    typeof source === 'string'
      ? await ort.InferenceSession.create(source, options)
      : await ort.InferenceSession.create(source, options);
  try {
    return wrap(ort, native, typeof source === 'string' ? source : 'the graph');
  } catch (error) {
    await native.release();
    throw error;
  }
}

function wrap(ort: Ort, native: InferenceSession, path: string): OwnedSession {
  const inputs = native.inputMetadata.map((entry) => toInfo(entry, path));
  const outputs = native.outputMetadata.map((entry) => toInfo(entry, path));
  let running = 0;
  let released = false;
  return {
    inputs,
    outputs,
    get running() {
      return running > 0;
    },
    async run(feeds) {
      if (released) throw new AppError('internal', `The session of ${path} was used after its release.`);
      running += 1;
      try {
        const wrapped = Object.fromEntries(
          Object.entries(feeds).map(([name, tensor]) => [name, toOrtTensor(ort, tensor)]),
        );
        const results = await native.run(wrapped);
        const outputsByName: Record<string, PortTensor> = {};
        for (const [name, value] of Object.entries(results)) outputsByName[name] = fromOrtTensor(name, value);
        return outputsByName;
      } finally {
        running -= 1;
      }
    },
    async release() {
      if (released) return;
      released = true;
      await native.release();
    },
  };
}

function toInfo(entry: InferenceSession.ValueMetadata, path: string): TensorInfo {
  if (!entry.isTensor || !isElementType(entry.type)) {
    const type = entry.isTensor ? entry.type : 'no tensor';
    throw new AppError('invalid-model', `${path}: "${entry.name}" is ${type}, which is not supported.`);
  }
  return { name: entry.name, type: entry.type, dims: entry.shape };
}
