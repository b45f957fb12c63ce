import type { TextSettings } from '../../../../src-shared/model/frame-spec.ts';
import type { Tokenizer } from '../../tokenizers/tokenizer.ts';
import { type LearnedTokens, type LearnedVocabulary, learnedVocabulary } from '../learned-rows.ts';
import type { KandinskyModel } from './description.ts';

export interface Tokenizers {
  /** Of the text encoders that tell the decoder, by their folders; none for Kandinsky 2.2. */
  readonly decoder: Readonly<Record<string, Tokenizer>>;
  /** Null for Kandinsky 2.0, which has no prior. */
  readonly prior: Tokenizer | null;
}

/** The tokenizers with the learned words of a frame. */
export interface Vocabularies {
  readonly decoder: Readonly<Record<string, LearnedVocabulary>>;
  readonly prior: LearnedVocabulary | null;
}

/** Folder of the prior's text encoder. */
export const PRIOR_TEXT_ENCODER = 'prior_text_encoder';

/** @throws {AppError} `invalid-asset` for learned words that fit no encoder of the model */
export function vocabulariesOf(
  { encoders }: KandinskyModel,
  tokenizers: Tokenizers,
  settings: TextSettings,
  learned: LearnedTokens,
): Vocabularies {
  const vocabulary = (component: string, tokenizer: Tokenizer): LearnedVocabulary => {
    const encoder = encoders.find((one) => one.component === component);
    if (encoder === undefined) return { tokenizer, rows: null };
    return learnedVocabulary(encoders, encoder, tokenizer, settings, learned);
  };
  return {
    decoder: Object.fromEntries(
      Object.entries(tokenizers.decoder).map(([name, tokenizer]) => [name, vocabulary(name, tokenizer)]),
    ),
    prior: tokenizers.prior === null ? null : vocabulary(PRIOR_TEXT_ENCODER, tokenizers.prior),
  };
}
