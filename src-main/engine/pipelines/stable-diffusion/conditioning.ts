import {
  type Conditioning,
  embeddingKey,
  type FrameSpec,
  type TextSettings,
  textsOf,
} from '../../../../src-shared/model/frame-spec.ts';
import { evaluateConditioning } from '../../interpolation/evaluate-conditioning.ts';
import { sizeOf, type Tensor } from '../../tensor/tensor.ts';
import type { Encodings } from '../encodings.ts';
import type { FrameConditioning } from '../pipeline.ts';
import type { StableDiffusionModel } from './description.ts';
import type { PromptEncoder, PromptEncoding } from './prompt-encoding.ts';

type Part = 'states' | 'pooled';

/** The texts that a frame's picture depends on, in order of first use. */
export function usedTexts(spec: FrameSpec, guided: boolean): string[] {
  return [...new Set([...textsOf(spec.prompt), ...(guided ? textsOf(spec.negative) : [])])];
}

/** Keys of the frame's encoded prompts, by part. */
export function encodingKeys(model: StableDiffusionModel, spec: FrameSpec): string[] {
  const keys = (of: Conditioning, settings: TextSettings): string[] =>
    textsOf(of).flatMap((text) => Object.values(keysOf(model, spec, text, settings)));
  const own = [...keys(spec.prompt, spec.text), ...keys(spec.negative, negativeSettings(model, spec))];
  return [...new Set(own)];
}

function keysOf(
  model: StableDiffusionModel,
  spec: FrameSpec,
  text: string,
  settings: TextSettings,
): Record<Part, string> | Record<'states', string> {
  const states = embeddingKey(spec.model, text, settings);
  if (model.added === null) return { states };
  return { states, pooled: embeddingKey(spec.model, text, settings, 'pooled') };
}

/** Stable Diffusion XL reads negative prompts without clip skip, as the reference does. */
function negativeSettings(model: StableDiffusionModel, { text }: FrameSpec): TextSettings {
  return model.added === null || text.clipSkip === 0 ? text : { ...text, clipSkip: 0 };
}

/**
 * Prompts encoded (or taken from the stored encodings) and the frame's expressions over them evaluated; the pooled
 * vectors of models with added conditioning by the same expressions as the rows. An absent prompt is zeros.
 */
export async function conditionOf(
  model: StableDiffusionModel,
  spec: FrameSpec,
  guided: boolean,
  encodings: Encodings,
  encoder: Pick<PromptEncoder, 'encode'>,
): Promise<{ texts: ReadonlyMap<string, Tensor>; conditioning: FrameConditioning }> {
  const known = async (text: string, settings: TextSettings): Promise<PromptEncoding> => {
    const keys = keysOf(model, spec, text, settings) as Record<Part, string>;
    const found = await encodings.get(keys, async () => {
      const { states, pooled } = await encoder.encode(text, settings);
      return (pooled === null ? { states } : { states, pooled }) as Record<Part, Tensor>;
    });
    return { states: found.states, pooled: model.added === null ? null : found.pooled };
  };
  const encodeAll = async (
    of: Conditioning,
    settings: TextSettings,
  ): Promise<Map<string, PromptEncoding>> => {
    const texts = new Map<string, PromptEncoding>();
    for (const text of textsOf(of)) texts.set(text, await known(text, settings));
    return texts;
  };
  const prompts = await encodeAll(spec.prompt, spec.text);
  const negatives = guided ? await encodeAll(spec.negative, negativeSettings(model, spec)) : new Map();
  const all = [...prompts.values(), ...negatives.values()] as PromptEncoding[];
  const longest = Math.max(...all.map(({ states }) => states.dims[1]!));
  const empty = all.some(({ states }) => states.dims[1] !== longest) ? await known('', spec.text) : null;

  const evaluate = (of: Conditioning, texts: ReadonlyMap<string, PromptEncoding>): PromptEncoding => {
    const like = all[0]!;
    const states = evaluateConditioning(of, (text) => continued(texts.get(text)!.states, empty, longest), {
      none: () => zerosOf([1, longest, like.states.dims[2]!]),
    });
    if (like.pooled === null) return { states, pooled: null };
    const width = like.pooled.dims;
    const pooled = evaluateConditioning(of, (text) => texts.get(text)!.pooled!, {
      none: () => zerosOf(width),
    });
    return { states, pooled };
  };
  const prompt = evaluate(spec.prompt, prompts);
  const negative = guided ? evaluate(spec.negative, negatives) : null;
  const texts = new Map([...prompts].map(([text, { states }]) => [text, states]));
  for (const [text, { states }] of negatives) if (!texts.has(text)) texts.set(text, states);
  return {
    texts,
    conditioning: {
      prompt: prompt.states,
      negative: negative?.states ?? null,
      ...(prompt.pooled === null
        ? {}
        : { pooled: { prompt: prompt.pooled, negative: negative?.pooled ?? null } }),
    },
  };
}

/**
 * Long prompts in chunks have more rows than short ones; to be blended, and to share the model's batch, the short ones
 * are continued with encodings of the empty prompt, as if they had been padded before encoding.
 */
function continued(embedding: Tensor, empty: PromptEncoding | null, tokens: number): Tensor {
  const [, have, width] = embedding.dims as [number, number, number];
  if (have === tokens || empty === null) return embedding;
  const data = new Float32Array(tokens * width);
  data.set(embedding.data);
  for (let row = have; row < tokens; row++) {
    const from = ((row - have) % empty.states.dims[1]!) * width;
    data.set(empty.states.data.subarray(from, from + width), row * width);
  }
  return { dims: [1, tokens, width], data };
}

function zerosOf(dims: readonly number[]): Tensor {
  return { dims, data: new Float32Array(sizeOf(dims)) };
}
