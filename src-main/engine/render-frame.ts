import { throwIfCancelled } from '../../src-shared/kernel/errors.ts';
import type { Tensor } from './tensor/tensor.ts';
import { missingWords, sayMissing } from '../../src-shared/model/learned-words.ts';
import { type FrameSpec, textsOf } from '../../src-shared/model/frame-spec.ts';
import { recordEncodings } from './pipelines/encodings.ts';
import type { Pipeline } from './pipelines/pipeline.ts';
import type { FrameNote, FrameRequest, FrameResult, RenderHooks } from './ports.ts';

/**
 * One frame: its conditions encoded (or taken from the request), sampled, decoded. Equal specs give equal bytes on the
 * CPU provider, whether encodings are given or computed.
 * @throws {AppError} `cancelled` between steps once the signal is aborted; `invalid-input`, `invalid-asset` and
 * `invalid-model` for what the spec or the folder gets wrong; `engine-failed` when a session fails or numbers overflow.
 */
export async function renderFrame(
  pipeline: Pipeline,
  request: FrameRequest,
  hooks: RenderHooks,
): Promise<FrameResult> {
  const [result] = await renderFrames(pipeline, [request], hooks);
  return result!;
}

/**
 * Several frames in one model batch, for execution providers that gain from it (a GPU; a CPU does not). They must have
 * equal batch keys. A prompt that several frames share is encoded once and returned with the first of them.
 */
export async function renderFrames(
  pipeline: Pipeline,
  requests: readonly FrameRequest[],
  hooks: RenderHooks,
): Promise<FrameResult[]> {
  throwIfCancelled(hooks.signal, 'The frame');
  const shared = new Map<string, Tensor>();
  const frames = requests.map(({ spec, embeddings, assets, wholeAssets, learned }) => ({
    spec,
    assets,
    ...(wholeAssets === undefined ? {} : { wholeAssets }),
    learned: learned ?? {},
    encodings: recordEncodings(embeddings, shared),
  }));
  const samples = await pipeline.sample(frames, hooks);
  const results: FrameResult[] = [];
  for (const [i, { latents, notes }] of samples.entries()) {
    await hooks.yield?.();
    throwIfCancelled(hooks.signal, 'The frame');
    const image = await pipeline.decode(latents, requests[i]!.spec);
    results.push({
      image,
      latents,
      embeddings: frames[i]!.encodings.computed,
      notes: [...notes, ...missingNotes(requests[i]!.spec)],
    });
  }
  return results;
}

/** Learned words that the frame's prompts name and that it was not given. */
function missingNotes({ prompt, negative, text }: FrameSpec): FrameNote[] {
  const texts = [...textsOf(prompt), ...textsOf(negative)];
  const words = missingWords(
    texts,
    (text.embeddings ?? []).map(({ token }) => token),
  );
  return words.map((word) => ({ code: 'word-missing', message: sayMissing(word) }));
}
