import { AppError } from '../../../../src-shared/kernel/errors.ts';
import type { TextSettings } from '../../../../src-shared/model/frame-spec.ts';
import type { LearnedToken } from '../../embedding-files/read-embedding.ts';
import { type LearnedWord, withLearnedWords } from '../../tokenizers/learned-tokens.ts';
import type { Tokenizer } from '../../tokenizers/tokenizer.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { StableDiffusionModel, TextEncoderDescription } from './description.ts';

/** Learned tokens by the hash of their file. */
export type LearnedTokens = (file: string) => LearnedToken | undefined;

/** One text encoder's vocabulary with the frame's learned words. */
export interface LearnedVocabulary {
  readonly tokenizer: Tokenizer;
  /** float32 [rows, width] of the ids from the vocabulary's size on; null where the encoder learned nothing. */
  readonly rows: Tensor | null;
}

/** Names that files for Stable Diffusion XL give to the encoders' parts. */
const XL_PARTS: { readonly [component: string]: string } = {
  text_encoder: 'clip_l',
  text_encoder_2: 'clip_g',
};

/**
 * Adds the frame's learned words to an encoder's vocabulary: the file's part for this encoder, else the one as wide as
 * its rows. A word without a part for one of two encoders is read by that encoder as it is written.
 * @throws {AppError} `invalid-asset` for vectors that fit no encoder of the model
 */
export function learnedVocabulary(
  model: StableDiffusionModel,
  encoder: TextEncoderDescription,
  tokenizer: Tokenizer,
  settings: TextSettings,
  learned: LearnedTokens,
): LearnedVocabulary {
  const words: LearnedWord[] = [];
  const parts: Tensor[] = [];
  const first = encoder.vocabularySize ?? 0;
  let next = first;
  for (const { token, file } of settings.embeddings ?? []) {
    const found = learned(file);
    if (found === undefined) {
      throw new AppError('internal', `The embedding "${token}" was not handed to the engine.`);
    }
    if (model.encoders.every((candidate) => rowsFor(model, candidate, found) === undefined)) {
      refuse(model, token, found);
    }
    const rows = rowsFor(model, encoder, found);
    if (rows === undefined) continue;
    const count = rows.dims[0]!;
    words.push({ word: token, ids: Array.from({ length: count }, (_, i) => next + i) });
    parts.push(rows);
    next += count;
  }
  if (parts.length === 0) return { tokenizer, rows: null };
  if (encoder.vocabularySize === null) {
    throw new AppError(
      'invalid-model',
      `Embeddings need vocab_size in ${encoder.component}/config.json, which is not there.`,
    );
  }
  const width = parts[0]!.dims[1]!;
  const data = new Float32Array((next - first) * width);
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { tokenizer: withLearnedWords(tokenizer, words), rows: { dims: [next - first, width], data } };
}

function rowsFor(
  model: StableDiffusionModel,
  encoder: TextEncoderDescription,
  { vectors }: LearnedToken,
): Tensor | undefined {
  const named = model.added === null ? undefined : XL_PARTS[encoder.component];
  const part = vectors.find((vector) => named !== undefined && vector.part === named);
  const fitting = vectors.find(({ rows }) => rows.dims[1] === encoder.width);
  const rows = part?.rows ?? fitting?.rows;
  return rows !== undefined && rows.dims[1] === encoder.width ? rows : undefined;
}

function refuse(model: StableDiffusionModel, token: string, { vectors }: LearnedToken): never {
  const widths = vectors.map(({ rows }) => rows.dims[1]).join(' and ');
  const accepted = model.encoders.map(({ width }) => width).join(' or ');
  throw new AppError(
    'invalid-asset',
    `The embedding "${token}" has vectors of ${widths} values, but this model's text encoder takes ${accepted}: it was made for another kind of model.`,
  );
}
