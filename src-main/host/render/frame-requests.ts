import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { FrameSpec } from '../../../src-shared/model/frame-spec.ts';
import { framePictures } from '../../engine/frame-pictures.ts';
import type { FrameRequest, FrameResult } from '../../engine/ports.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';
import type { FrameHooks, RenderPorts } from './ports.ts';

/** Turns specs into requests with everything that is known already, and renders them. */
export interface FrameRequests {
  /** Keeps embeddings at hand for the frames that follow. */
  remember(embeddings: Readonly<Record<string, Tensor>>): void;
  /**
   * One answer a frame: its result, or why this frame cannot be rendered.
   * @throws {AppError} cancelled, and whatever would fail every other frame as well
   */
  render(
    frames: readonly { readonly spec: FrameSpec }[],
    hooks: FrameHooks,
  ): Promise<readonly (FrameResult | AppError)[]>;
}

/** Neighbouring frames share their prompts; a project of hundreds of prompts must not hold them all at once. */
const REMEMBERED_EMBEDDINGS = 32;

export function createFrameRequests(ports: Pick<RenderPorts, 'cache' | 'engine' | 'asset'>): FrameRequests {
  const embeddings = new Map<string, Tensor>();

  const remember = (key: string, embedding: Tensor): void => {
    embeddings.delete(key);
    embeddings.set(key, embedding);
    const oldest = embeddings.keys().next().value;
    if (embeddings.size > REMEMBERED_EMBEDDINGS && oldest !== undefined) embeddings.delete(oldest);
  };

  const requestFor = async (spec: FrameSpec): Promise<FrameRequest> => {
    const known: Record<string, Tensor> = {};
    for (const key of ports.engine.encodingKeys(spec)) {
      const found = embeddings.get(key) ?? ports.cache.embedding(key);
      if (found === undefined) continue;
      remember(key, found);
      known[key] = found;
    }
    return { spec, embeddings: known, ...(await framePictures(spec, ports.asset)) };
  };

  const renderOne = async (spec: FrameSpec, hooks: FrameHooks): Promise<FrameResult | AppError> => {
    try {
      const [result] = await ports.engine.render([await requestFor(spec)], hooks);
      return result ?? new AppError('internal', 'The engine returned no frame.');
    } catch (error) {
      if (isOfOneFrame(error)) return error;
      throw error;
    }
  };

  return {
    remember(computed) {
      for (const [key, tensor] of Object.entries(computed)) remember(key, tensor);
    },
    async render(frames, hooks) {
      const [first] = frames;
      if (frames.length === 1 && first !== undefined) return [await renderOne(first.spec, hooks)];
      try {
        const requests = await Promise.all(frames.map(({ spec }) => requestFor(spec)));
        return await ports.engine.render(requests, hooks);
      } catch (error) {
        if (!isOfOneFrame(error)) throw error;
        // Mostly too little memory on the card, or one bad frame among good ones: one by one tells.
        const results: (FrameResult | AppError)[] = [];
        for (const { spec } of frames) results.push(await renderOne(spec, hooks));
        return results;
      }
    },
  };
}

/** Failures that say nothing about the next frame. */
function isOfOneFrame(error: unknown): error is AppError {
  if (!(error instanceof AppError)) return false;
  // A process that cannot be started any more fails everything.
  if (error.code === 'engine-failed') return error.data.retryable !== false;
  return error.code === 'invalid-input' || error.code === 'invalid-asset';
}
