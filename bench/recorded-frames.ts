import type { PortTensor, Session, SessionSource } from '../src-main/engine/ports.ts';
import type { FrameResult } from '../src-main/engine/ports.ts';
import { describeModel } from '../src-main/engine/pipelines/families.ts';
import { openModel } from '../src-main/host/sessions/open-model.ts';
import { SessionPool } from '../src-main/host/sessions/session-pool.ts';
import { createFileHashes } from '../src-main/host/models/fingerprint.ts';
import { readModel } from '../src-main/host/models/read-model.ts';
import { parseDocument } from '../src-shared/model/document.ts';
import { planFrame } from '../src-shared/model/plan.ts';

/** A model in this process whose frames can be rendered, or repeated as the bare ONNX calls they consist of. */
export interface RecordedFrames {
  /** A frame of the seed, as the product renders it. */
  render(seed: number): Promise<FrameResult>;
  /** The same ONNX calls on the same sessions with the same inputs, and nothing else. */
  replay(): Promise<void>;
  readonly calls: number;
}

export interface FrameSettings {
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  readonly scheduler: string;
  readonly threads: number;
}

export async function recordFrames(folder: string, settings: FrameSettings): Promise<RecordedFrames> {
  const model = await readModel(folder, createFileHashes(null));
  const { defaults } = describeModel(model.files, model.components);
  const pool = new SessionPool({ memoryBytes: 8 * 1024 ** 3 });
  const source = pool.source(folder, model.fingerprint, { provider: 'cpu', threads: settings.threads });
  const calls: { session: Session; feeds: Readonly<Record<string, PortTensor>> }[] = [];
  let recording = false;
  const wrapped = new Map<Session, Session>();
  const wrap = (session: Session): Session => {
    const known = wrapped.get(session);
    if (known !== undefined) return known;
    const made: Session = {
      inputs: session.inputs,
      outputs: session.outputs,
      run(feeds) {
        // Copies: the engine may write its buffers again.
        if (recording) {
          const copies = Object.entries(feeds).map(([name, tensor]) => [
            name,
            { ...tensor, data: tensor.data.slice() },
          ]);
          calls.push({ session, feeds: Object.fromEntries(copies) as Record<string, PortTensor> });
        }
        return session.run(feeds);
      },
    };
    wrapped.set(session, made);
    return made;
  };
  const recorder: SessionSource = {
    has: (component) => source.has(component),
    session: async (component) => wrap(await source.session(component)),
  };
  const frames = openModel(model, recorder);
  const render = async (seed: number): Promise<FrameResult> => {
    const { width, height, steps, scheduler } = settings;
    const document = parseDocument({
      format: 'inbetween/1',
      model: folder,
      size: { width, height },
      sampler: { scheduler, steps, guidanceScale: 5 },
      keyframes: [{ frame: 0, prompt: 'red cat, 4k photo', negativePrompt: '', seed }],
    });
    const spec = planFrame(document, 0, { fingerprint: model.fingerprint, defaults });
    const [result] = await frames.render([{ spec, embeddings: {}, assets: {} }], {});
    return result as FrameResult;
  };
  await render(0);
  recording = true;
  await render(1);
  recording = false;
  return {
    render,
    calls: calls.length,
    async replay() {
      for (const { session, feeds } of calls) await session.run(feeds);
    },
  };
}
