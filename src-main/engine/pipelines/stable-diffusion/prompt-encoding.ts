import type { TextSettings } from '../../../../src-shared/model/frame-spec.ts';
import type { FrameNote, SessionSource } from '../../ports.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { applyTokenWeights } from '../../text/apply-token-weights.ts';
import { tokenizeWeighted, type WeightedTokens } from '../../text/tokenize-weighted.ts';
import type { Tokenizer } from '../../tokenizers/tokenizer.ts';
import { type LearnedTokens, learnedVocabulary } from '../learned-rows.ts';
import { describeTokens, type PromptTokens } from '../prompt-tokens.ts';
import type { StableDiffusionModel, TextEncoderDescription } from './description.ts';
import { openTextEncoder } from './text-encoder.ts';

/** An encoded prompt. */
export interface PromptEncoding {
  /** [1, tokens, width]; long prompts in chunks have a multiple of the context's tokens. */
  readonly states: Tensor;
  /** [1, width]: the whole prompt in one vector, for models with added conditioning. */
  readonly pooled: Tensor | null;
}

/** Turns prompts into what the U-Net takes: the rows of one text encoder, or of two side by side. */
export interface PromptEncoder {
  encode(text: string, settings: TextSettings): Promise<PromptEncoding>;
  /** What of the prompt does not fit the text encoder. */
  notes(text: string, settings: TextSettings): FrameNote[];
  /** The prompt as each text encoder reads it, token by token. */
  tokens(text: string, settings: TextSettings): PromptTokens[];
}

/**
 * @param tokenizers one for each of the model's encoders, in their order
 * @param learned the learned words that settings name
 */
export function createPromptEncoder(
  source: SessionSource,
  model: StableDiffusionModel,
  tokenizers: readonly Tokenizer[],
  learned: LearnedTokens,
): PromptEncoder {
  const encoders = model.encoders.map((description, i) => ({ description, tokenizer: tokenizers[i]! }));
  const read = (text: string, settings: TextSettings, contextLength: number, tokenizer: Tokenizer) =>
    tokenizeWeighted(tokenizer, text, { longPrompts: settings.longPrompts, contextLength });
  const readings = (text: string, settings: TextSettings): Reading[] =>
    encoders.map(({ description, tokenizer: plain }) => {
      const contextLength = contextLengthOf(description, plain);
      const { tokenizer } = learnedVocabulary(model.encoders, description, plain, settings, learned);
      return { description, tokenizer, contextLength, read: read(text, settings, contextLength, tokenizer) };
    });

  return {
    async encode(text, settings) {
      const sides: Tensor[] = [];
      let pooled: Tensor | null = null;
      for (const { description, tokenizer: plain } of encoders) {
        const { tokenizer, rows: extra } = learnedVocabulary(
          model.encoders,
          description,
          plain,
          settings,
          learned,
        );
        const encoder = await openTextEncoder(source, description, contextLengthOf(description, tokenizer), {
          clipSkip: settings.clipSkip,
          penultimate: model.added !== null,
          extra,
        });
        const rows: Tensor[] = [];
        for (const [i, chunk] of read(text, settings, encoder.contextLength, tokenizer).chunks.entries()) {
          const encoded = await encoder.encode(chunk);
          rows.push(applyTokenWeights(encoded.states, chunk.weights));
          if (i === 0) pooled = encoded.pooled ?? pooled;
        }
        sides.push(below(rows));
      }
      return { states: beside(sides), pooled };
    },
    notes: (text, settings) => {
      // The encoders cut at the same word: it is told once.
      const cut = readings(text, settings).find(({ read: { truncated } }) => truncated !== null);
      if (cut === undefined) return [];
      return [
        {
          code: 'prompt-truncated',
          message: `The prompt is longer than the ${cut.contextLength} tokens that the text encoder reads; this end was left out: "${cut.read.truncated}".`,
        },
      ];
    },
    tokens: (text, settings) =>
      readings(text, settings).map(({ description, tokenizer, contextLength, read: tokens }) =>
        describeTokens(description.component, tokenizer, tokens, contextLength),
      ),
  };
}

interface Reading {
  readonly description: TextEncoderDescription;
  readonly tokenizer: Tokenizer;
  readonly contextLength: number;
  readonly read: WeightedTokens;
}

function contextLengthOf({ contextLength }: TextEncoderDescription, tokenizer: Tokenizer): number {
  return Math.min(tokenizer.contextLength, contextLength ?? tokenizer.contextLength);
}

/** The chunks of a long prompt, one after the other. */
function below(parts: readonly Tensor[]): Tensor {
  const [first] = parts;
  if (parts.length === 1) return first!;
  const [, , width] = first!.dims as [number, number, number];
  const tokens = parts.reduce((sum, part) => sum + part.dims[1]!, 0);
  const data = new Float32Array(tokens * width);
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { dims: [1, tokens, width], data };
}

/** The encoders' rows side by side; they have equally many. */
function beside(parts: readonly Tensor[]): Tensor {
  const [first] = parts;
  if (parts.length === 1) return first!;
  const tokens = first!.dims[1]!;
  const width = parts.reduce((sum, part) => sum + part.dims[2]!, 0);
  const data = new Float32Array(tokens * width);
  let column = 0;
  for (const part of parts) {
    const own = part.dims[2]!;
    for (let row = 0; row < tokens; row++) {
      data.set(part.data.subarray(row * own, (row + 1) * own), row * width + column);
    }
    column += own;
  }
  return { dims: [1, tokens, width], data };
}
