import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { TextSettings } from '../../../src-shared/model/frame-spec.ts';
import type { LearnedToken } from '../embedding-files/read-embedding.ts';
import { type LearnedWord, withLearnedWords } from '../tokenizers/learned-tokens.ts';
import type { SessionSource } from '../ports.ts';
import type { Tokenizer } from '../tokenizers/tokenizer.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Learned tokens by the hash of their file. */
export type LearnedTokens = (file: string) => LearnedToken | undefined;

/** What a text encoder can learn words by; null where its configuration does not say. */
export interface LearningEncoder {
  /** Component folder. */
  readonly component: string;
  readonly width: number | null;
  readonly vocabularySize: number | null;
  /** The name of its part in files for several encoders; null for the only encoder of its model. */
  readonly part: string | null;
}

/** One text encoder's vocabulary with the frame's learned words. */
export interface LearnedVocabulary {
  readonly tokenizer: Tokenizer;
  /** float32 [rows, width] of the ids from the vocabulary's size on; null where the encoder learned nothing. */
  readonly rows: Tensor | null;
}

/**
 * Adds the frame's learned words to an encoder's vocabulary: the file's part for this encoder, else the one as wide as
 * its rows. A word without a part for one of two encoders is read by that encoder as it is written.
 * @throws {AppError} `invalid-asset` for vectors that fit no encoder of the model
 */
export function learnedVocabulary(
  encoders: readonly LearningEncoder[],
  encoder: LearningEncoder,
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
    if (encoders.every((candidate) => rowsFor(encoders, candidate, found) === undefined)) {
      refuse(encoders, token, found);
    }
    const rows = rowsFor(encoders, encoder, found);
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

/**
 * The component's second graph, over the same weights, that takes rows for further tokens.
 * @throws {AppError} `invalid-model` where the export has none
 */
export function graphWithExtraRows(source: SessionSource, component: string): string {
  const graph = `${component}/model_embeddings`;
  if (source.has(graph)) return graph;
  throw new AppError(
    'invalid-model',
    `The prompt uses a learned embedding, and this model has no ${graph}.onnx, the graph that takes one. Export it with models/export/export.py, which writes it.`,
  );
}

function rowsFor(
  encoders: readonly LearningEncoder[],
  { part, width }: LearningEncoder,
  { vectors }: LearnedToken,
): Tensor | undefined {
  const isAnothers = (name: string): boolean => encoders.some((one) => one.part === name && name !== part);
  const rows = (
    vectors.find((vector) => vector.part === part) ??
    vectors.find((vector) => !isAnothers(vector.part) && vector.rows.dims[1] === width)
  )?.rows;
  return rows?.dims[1] === width ? rows : undefined;
}

function refuse(encoders: readonly LearningEncoder[], token: string, { vectors }: LearnedToken): never {
  const widths = vectors.map(({ rows }) => rows.dims[1]).join(' and ');
  const accepted = encoders.map(({ width }) => width).join(' or ');
  throw new AppError(
    'invalid-asset',
    `The embedding "${token}" has vectors of ${widths} values, but this model's text encoder takes ${accepted}: it was made for another kind of model.`,
  );
}
