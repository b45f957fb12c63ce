import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { Encoding, Tokenizer } from '../tokenizers/tokenizer.ts';
import { parsePromptWeights } from './prompt-weights.ts';

/** One run of the text encoder: three arrays of the context's length. */
export interface WeightedChunk {
  readonly ids: readonly number[];
  /** The same as the vocabulary spells them. */
  readonly tokens: readonly string[];
  /** How many of them are the prompt's own, after the start tokens. */
  readonly content: number;
  readonly attentionMask: readonly number[];
  /** Factor of each token's embedding; 1 for start, end and padding. */
  readonly weights: readonly number[];
}

export interface WeightedTokens {
  /** At least one; exactly one when `longPrompts` is 'truncate'. */
  readonly chunks: readonly WeightedChunk[];
  /** The end of the prompt that was cut, readable; null when nothing was. */
  readonly truncated: string | null;
  /** The tokens of that end. */
  readonly cut: Encoding;
}

export interface WeightedTokenOptions {
  readonly longPrompts: 'truncate' | 'chunk';
  /** Tokens of the text encoder's context; default the tokenizer's. */
  readonly contextLength?: number;
}

/** A chunk ends early at a comma that is among its last 20 tokens, as in stable-diffusion-webui. */
const COMMA_BACKTRACK = 20;

/**
 * A prompt with attention syntax as token ids and weights. Each weighted part is tokenised by itself, as in
 * stable-diffusion-webui; a prompt without syntax gives exactly the ids of `tokenizer.encodeFixed`.
 * @throws {AppError} invalid-input when the context has no room for content.
 */
export function tokenizeWeighted(
  tokenizer: Tokenizer,
  prompt: string,
  options: WeightedTokenOptions,
): WeightedTokens {
  const length = options.contextLength ?? tokenizer.contextLength;
  const room = length - tokenizer.prefix.length - tokenizer.suffix.length;
  if (room < 1) {
    throw new AppError(
      'invalid-input',
      `A text encoder context of ${length} tokens has no room for a prompt.`,
    );
  }
  const ids: number[] = [];
  const tokens: string[] = [];
  const weights: number[] = [];
  const commas: boolean[] = [];
  for (const part of parsePromptWeights(prompt)) {
    const encoding = tokenizer.encode(part.text);
    encoding.ids.forEach((id, i) => {
      ids.push(id);
      tokens.push(encoding.tokens[i] ?? '');
      weights.push(part.weight);
      commas.push(isComma(encoding.tokens[i] ?? ''));
    });
  }
  const chunk = (from: number, to: number): WeightedChunk => {
    const fixed = tokenizer.wrap(ids.slice(from, to), length);
    const own = weights.slice(from, to);
    return {
      ids: fixed.ids,
      tokens: fixed.tokens,
      content: own.length,
      attentionMask: fixed.attentionMask,
      weights: fixed.ids.map((_, i) => own[i - tokenizer.prefix.length] ?? 1),
    };
  };
  if (options.longPrompts === 'truncate') {
    return {
      chunks: [chunk(0, room)],
      truncated: ids.length > room ? tokenizer.decode(ids.slice(room)) : null,
      cut: { ids: ids.slice(room), tokens: tokens.slice(room) },
    };
  }
  const chunks: WeightedChunk[] = [];
  let from = 0;
  do {
    const to = chunkEnd(commas, from, room);
    chunks.push(chunk(from, to));
    from = to;
  } while (from < ids.length);
  return { chunks, truncated: null, cut: { ids: [], tokens: [] } };
}

function chunkEnd(commas: readonly boolean[], from: number, room: number): number {
  const full = from + room;
  if (commas.length <= full) return commas.length;
  for (let last = full - 1; last >= Math.max(from, full - COMMA_BACKTRACK); last--) {
    if (commas[last]) return last + 1;
  }
  return full;
}

function isComma(token: string): boolean {
  return /^▁?,(?:<\/w>)?$/.test(token);
}
