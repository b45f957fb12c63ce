import type { WeightedTokens } from '../text/tokenize-weighted.ts';
import type { Tokenizer } from '../tokenizers/tokenizer.ts';

/** One token of a prompt. */
export interface PromptToken {
  readonly id: number;
  /** As the vocabulary spells it (`cat</w>`, `▁cat`). */
  readonly piece: string;
  /** As people write it. */
  readonly text: string;
  readonly role: 'start' | 'text' | 'end' | 'padding';
  /** Stress given in brackets; 1 without. */
  readonly weight: number;
  /** What the attention mask says: padding is hidden from encoders that take the mask. */
  readonly attended: boolean;
}

/** A prompt as one text encoder reads it. */
export interface PromptTokens {
  /** Component folder. */
  readonly encoder: string;
  /** Tokens of one run, start and end included. */
  readonly contextLength: number;
  /** Runs of the encoder; one unless long prompts are read in chunks. */
  readonly chunks: readonly (readonly PromptToken[])[];
  /** The end of the prompt that the encoder does not read. */
  readonly cut: readonly { readonly id: number; readonly piece: string; readonly text: string }[];
}

export function describeTokens(
  encoder: string,
  tokenizer: Tokenizer,
  read: WeightedTokens,
  contextLength: number,
): PromptTokens {
  const first = tokenizer.prefix.length;
  const spelled = (id: number, piece: string) => ({ id, piece, text: tokenizer.decode([id]).trim() });
  const chunks = read.chunks.map(({ ids, tokens, content, weights, attentionMask }) => {
    const end = first + content;
    const roleAt = (i: number): PromptToken['role'] => {
      if (i < first) return 'start';
      if (i < end) return 'text';
      return i < end + tokenizer.suffix.length ? 'end' : 'padding';
    };
    return ids.map((id, i) => ({
      ...spelled(id, tokens[i] ?? ''),
      role: roleAt(i),
      weight: weights[i] ?? 1,
      attended: attentionMask[i] === 1,
    }));
  });
  const cut = read.cut.ids.map((id, i) => spelled(id, read.cut.tokens[i] ?? ''));
  return { encoder, contextLength, chunks, cut };
}
