import { AppError } from '../../../src-shared/kernel/errors.ts';
import { bertTokenizerJson } from './bert-vocabulary.ts';
import { createClipTokenizer } from './clip-tokenizer.ts';
import { createLibraryTokenizer } from './library-tokenizer.ts';
import { readSettings, type TokenizerSettings } from './special-tokens.ts';
import type { Tokenizer, TokenizerFiles, TokenizerOptions } from './tokenizer.ts';
import { fileError, isObject, type JsonObject, readJsonObject } from './tokenizer-files.ts';

/** The files of a tokenizer folder that {@link createTokenizer} can use; read those that are there. */
export const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'vocab.json',
  'merges.txt',
  'vocab.txt',
] as const;

/**
 * The tokenizer of a model's `tokenizer` folder: CLIP, BERT, XLM-R, T5 and other tokenizers that transformers saves.
 * `tokenizer.json` is preferred, as transformers 5 does; else `vocab.json` + `merges.txt` (CLIP) or `vocab.txt` (BERT).
 * @throws {AppError} invalid-model naming the file and what is wrong with it.
 */
export function createTokenizer(files: TokenizerFiles, options: TokenizerOptions = {}): Tokenizer {
  const settings = readSettings(files);
  const tokenizerJson = readJsonObject(files, 'tokenizer.json');
  if (tokenizerJson) {
    return isClip(tokenizerJson, settings)
      ? createClipTokenizer(files, tokenizerJson, settings, options)
      : createLibraryTokenizer(tokenizerJson, settings, options);
  }
  if (files['vocab.txt'] !== undefined) {
    return createLibraryTokenizer(bertTokenizerJson(files['vocab.txt'], settings.config), settings, options);
  }
  if (files['vocab.json'] !== undefined || files['merges.txt'] !== undefined) {
    if (files['vocab.json'] !== undefined && !files['vocab.json'].includes('</w>')) {
      throw fileError(
        'vocab.json',
        'has no </w> tokens, so it is not a CLIP vocabulary; tokenizer.json is needed here',
      );
    }
    return createClipTokenizer(files, undefined, settings, options);
  }
  throw new AppError(
    'invalid-model',
    "The model's tokenizer folder has no tokenizer.json, no vocab.json with merges.txt and no vocab.txt. " +
      'A sentencepiece .model file alone is not enough: save the tokenizer with transformers, which writes tokenizer.json.',
  );
}

function isClip(tokenizerJson: JsonObject, settings: TokenizerSettings): boolean {
  const model = tokenizerJson.model;
  if (!isObject(model)) return false;
  if (model.type !== undefined && model.type !== 'BPE') return false;
  const name = settings.config.tokenizer_class;
  return (
    model.end_of_word_suffix === '</w>' &&
    (typeof name !== 'string' || /CLIP|PreTrained|Tokenizers/.test(name))
  );
}
