import { AppError, throwIfCancelled } from '../../src-shared/kernel/errors.ts';
import { embeddingKey, type FrameSpec, textsOf } from '../../src-shared/model/frame-spec.ts';
import { evaluateConditioning } from './interpolation/evaluate-conditioning.ts';
import type { FrameConditioning, Pipeline } from './pipelines/pipeline.ts';
import type { FrameNote, FrameRequest, FrameResult, RenderHooks } from './ports.ts';
import type { Tensor } from './tensor/tensor.ts';

/**
 * One frame: prompts encoded (or taken from the request), conditioning and noise expressions evaluated, sampled,
 * decoded. Equal specs give equal bytes on the CPU provider, whether embeddings are given or computed.
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
  const computed = new Map<string, Tensor>();
  const inputs = [];
  const returned: Record<string, Tensor>[] = [];
  for (const [frame, { spec, embeddings, assets }] of requests.entries()) {
    const own: Record<string, Tensor> = {};
    const known = async (text: string): Promise<Tensor> => {
      const key = embeddingKey(spec.model, text, spec.text);
      const found = embeddings[key] ?? computed.get(key);
      if (found !== undefined) return found;
      throwIfCancelled(hooks.signal, 'The frame');
      const embedding = await pipeline.encodePrompt(text, spec.text);
      computed.set(key, embedding);
      own[key] = embedding;
      return embedding;
    };
    const { texts, conditioning } = await conditioningOf(pipeline, spec, known);
    await hooks.observer?.conditioned?.({ frame, texts, conditioning });
    inputs.push({ spec, assets, conditioning });
    returned.push(own);
  }
  const samples = await pipeline.sample(inputs, hooks);
  const results: FrameResult[] = [];
  for (const [i, { latents, notes }] of samples.entries()) {
    await hooks.yield?.();
    throwIfCancelled(hooks.signal, 'The frame');
    const image = await pipeline.decode(latents);
    const { spec } = requests[i]!;
    results.push({
      image,
      latents,
      embeddings: returned[i]!,
      notes: [...promptNotes(pipeline, spec), ...notes],
    });
  }
  return results;
}

async function conditioningOf(
  pipeline: Pipeline,
  spec: FrameSpec,
  known: (text: string) => Promise<Tensor>,
): Promise<{ texts: ReadonlyMap<string, Tensor>; conditioning: FrameConditioning }> {
  const guided = pipeline.usesNegative(spec);
  const texts = new Map<string, Tensor>();
  for (const text of usedTexts(pipeline, spec)) texts.set(text, await known(text));
  const equal = await withEqualLengths(texts, known);
  const lookup = (text: string): Tensor => {
    const embedding = equal.get(text);
    if (embedding === undefined) throw new AppError('internal', `The prompt "${text}" was not encoded.`);
    return embedding;
  };
  const conditioning = {
    prompt: evaluateConditioning(spec.prompt, lookup),
    negative: guided ? evaluateConditioning(spec.negative, lookup) : null,
  };
  return { texts, conditioning };
}

function usedTexts(pipeline: Pipeline, spec: FrameSpec): string[] {
  const negative = pipeline.usesNegative(spec) ? textsOf(spec.negative) : [];
  return [...new Set([...textsOf(spec.prompt), ...negative])];
}

function promptNotes(pipeline: Pipeline, spec: FrameSpec): FrameNote[] {
  return usedTexts(pipeline, spec).flatMap((text) => pipeline.promptNotes(text, spec.text));
}

/**
 * Long prompts in chunks have more rows than short ones; to be blended, and to share the model's batch, the short ones
 * are continued with encodings of the empty prompt, as if they had been padded before encoding.
 */
async function withEqualLengths(
  texts: ReadonlyMap<string, Tensor>,
  known: (text: string) => Promise<Tensor>,
): Promise<ReadonlyMap<string, Tensor>> {
  const lengths = [...texts.values()].map((embedding) => embedding.dims[1]!);
  const longest = Math.max(...lengths);
  if (lengths.every((length) => length === longest)) return texts;
  const empty = await known('');
  return new Map([...texts].map(([text, embedding]) => [text, continued(embedding, empty, longest)]));
}

function continued(embedding: Tensor, empty: Tensor, tokens: number): Tensor {
  const [, have, width] = embedding.dims as [number, number, number];
  if (have === tokens) return embedding;
  const data = new Float32Array(tokens * width);
  data.set(embedding.data);
  for (let row = have; row < tokens; row++) {
    const from = ((row - have) % empty.dims[1]!) * width;
    data.set(empty.data.subarray(from, from + width), row * width);
  }
  return { dims: [1, tokens, width], data };
}
