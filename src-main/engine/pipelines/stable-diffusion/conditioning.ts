import { embeddingKey, type FrameSpec, textsOf } from '../../../../src-shared/model/frame-spec.ts';
import { evaluateConditioning } from '../../interpolation/evaluate-conditioning.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Encodings } from '../encodings.ts';
import type { FrameConditioning } from '../pipeline.ts';

/** The texts that a frame's picture depends on, in order of first use. */
export function usedTexts(spec: FrameSpec, guided: boolean): string[] {
  return [...new Set([...textsOf(spec.prompt), ...(guided ? textsOf(spec.negative) : [])])];
}

export function encodingKeys(spec: FrameSpec): string[] {
  return usedTexts(spec, true).map((text) => embeddingKey(spec.model, text, spec.text));
}

/**
 * Prompts encoded (or taken from the stored encodings) and the frame's expressions over them evaluated. No negative
 * prompt is the empty one.
 */
export async function conditionOf(
  spec: FrameSpec,
  guided: boolean,
  encodings: Encodings,
  encode: (text: string) => Promise<Tensor>,
): Promise<{ texts: ReadonlyMap<string, Tensor>; conditioning: FrameConditioning }> {
  const known = async (text: string): Promise<Tensor> => {
    const keys = { states: embeddingKey(spec.model, text, spec.text) };
    return (await encodings.get(keys, async () => ({ states: await encode(text) }))).states;
  };
  const texts = new Map<string, Tensor>();
  for (const text of usedTexts(spec, guided)) texts.set(text, await known(text));
  const equal = await withEqualLengths(texts, known);
  const embeddingOf = (text: string): Tensor => equal.get(text)!;
  return {
    texts,
    conditioning: {
      prompt: evaluateConditioning(spec.prompt, embeddingOf),
      negative: guided ? evaluateConditioning(spec.negative, embeddingOf) : null,
    },
  };
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
