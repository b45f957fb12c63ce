import { AppError, messageOf } from '../../../src-shared/kernel/errors.ts';
import type { TokenizerFiles } from './tokenizer.ts';

export type JsonObject = { readonly [key: string]: unknown };

/** A problem of one file of the tokenizer folder. */
export function fileError(file: string, problem: string): AppError {
  return new AppError('invalid-model', `The model's tokenizer file ${file} ${problem}.`, { data: { file } });
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A file that holds a JSON object; undefined when the folder has none.
 * @throws {AppError} invalid-model
 */
export function readJsonObject(files: TokenizerFiles, name: string): JsonObject | undefined {
  const text = files[name];
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw fileError(name, `is not JSON (${messageOf(cause)})`);
  }
  if (!isObject(value)) throw fileError(name, 'must hold a JSON object');
  return value;
}

/**
 * `vocab.json`, or the `model.vocab` of `tokenizer.json`: token -> id.
 * @throws {AppError} invalid-model when it is empty or an id is no non-negative integer or used twice.
 */
export function readVocabulary(value: unknown, file: string): Map<string, number> {
  if (!isObject(value)) throw fileError(file, 'has no vocabulary (an object token -> id was expected)');
  const vocabulary = new Map<string, number>();
  const taken = new Set<number>();
  for (const [token, id] of Object.entries(value)) {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0) {
      throw fileError(
        file,
        `gives the token ${JSON.stringify(token)} the id ${JSON.stringify(id)}; ids are integers from 0`,
      );
    }
    if (taken.has(id)) throw fileError(file, `gives the id ${id} to two tokens`);
    taken.add(id);
    vocabulary.set(token, id);
  }
  if (vocabulary.size === 0) throw fileError(file, 'has an empty vocabulary');
  return vocabulary;
}

/** An optional number of the settings that is a usable context length; transformers writes 1e30 for "no limit". */
export function readContextLength(config: JsonObject, fallback: number): number {
  const value = config.model_max_length;
  if (value === undefined || value === null) return fallback;
  if (typeof value !== 'number' || !(value >= 3)) {
    throw fileError(
      'tokenizer_config.json',
      `has model_max_length ${JSON.stringify(value)}; a number from 3 was expected`,
    );
  }
  return value > 1_000_000 ? fallback : Math.floor(value);
}
