import { messageOf } from '../../../src-shared/kernel/errors.ts';
import { exactNormaliser } from './exact-normalisers.ts';
import { completeTokenizer } from './fixed-length.ts';
import { readAddedTokens, specialToken, type TokenizerSettings } from './special-tokens.ts';
import type { Tokenizer, TokenizerKind, TokenizerOptions } from './tokenizer.ts';
import { fileError, isObject, type JsonObject, readContextLength } from './tokenizer-files.ts';
import { HuggingFaceTokenizer, type LibraryTokenizer } from './tokenizers-library.ts';

const KINDS: { readonly [type: string]: TokenizerKind } = {
  WordPiece: 'wordpiece',
  Unigram: 'unigram',
  BPE: 'bpe',
};
const USUAL_PADS = ['[PAD]', '<pad>', '<|pad|>'];

/**
 * WordPiece, Unigram and other BPE tokenizers from `tokenizer.json`, by `@huggingface/tokenizers` with
 * {@link exactNormaliser}.
 * @throws {AppError} invalid-model naming the file and its problem.
 */
export function createLibraryTokenizer(
  tokenizerJson: JsonObject,
  settings: TokenizerSettings,
  options: TokenizerOptions,
): Tokenizer {
  const file = 'tokenizer.json';
  const model = tokenizerJson.model;
  if (!isObject(model)) throw fileError(file, 'has no model');
  const kind = KINDS[String(model.type ?? (Array.isArray(model.vocab) ? 'Unigram' : 'BPE'))];
  if (kind === undefined) {
    throw fileError(
      file,
      `has a model of type ${JSON.stringify(model.type)}; ${Object.keys(KINDS).join(', ')} are known`,
    );
  }
  const vocabulary = vocabularyOf(model.vocab, file);
  const added = readAddedTokens(tokenizerJson.added_tokens, settings, (token) => vocabulary.get(token));
  const library = openLibrary(
    {
      normalizer: null,
      pre_tokenizer: null,
      post_processor: null,
      decoder: null,
      ...tokenizerJson,
      added_tokens: added,
    },
    settings.config,
    file,
  );
  for (const token of added) vocabulary.set(token.content, token.id);
  const tokens = new Map([...vocabulary].map(([token, id]) => [id, token]));
  const encodeIds = (text: string, specials: boolean): number[] =>
    library
      .encode(text.toWellFormed(), { add_special_tokens: specials })
      .ids.filter((id) => id !== undefined);

  const { prefix, suffix } = wrapping(encodeIds);
  const idOf = (role: Parameters<typeof specialToken>[1]): number | undefined => {
    const token = specialToken(settings, role);
    return token === undefined ? undefined : vocabulary.get(token);
  };
  const padding = tokenizerJson.padding;
  const padId =
    idOf('pad_token') ??
    (isObject(padding) && typeof padding.pad_id === 'number' ? padding.pad_id : undefined) ??
    USUAL_PADS.map((token) => vocabulary.get(token)).find((id) => id !== undefined) ??
    suffix[0];
  if (padId === undefined)
    throw fileError('tokenizer_config.json', 'names no pad token, and the vocabulary has none');
  return completeTokenizer({
    kind,
    contextLength: readContextLength(settings.config, options.defaultContextLength ?? 512),
    padId,
    bosId: prefix[0] ?? idOf('bos_token') ?? idOf('cls_token'),
    eosId: suffix[0] ?? idOf('eos_token') ?? idOf('sep_token'),
    prefix,
    suffix,
    encode: (text) => {
      const ids = encodeIds(text, false);
      return { ids, tokens: ids.map((id) => tokens.get(id) ?? '') };
    },
    decode: (ids) =>
      ids.length === 0 ? '' : library.decode([...ids], { clean_up_tokenization_spaces: false }).trim(),
    tokenOf: (id) => tokens.get(id) ?? '',
  });
}

function vocabularyOf(value: unknown, file: string): Map<string, number> {
  const vocabulary = new Map<string, number>();
  if (Array.isArray(value)) {
    value.forEach((row: unknown, id) => {
      if (!Array.isArray(row) || typeof row[0] !== 'string' || typeof row[1] !== 'number') {
        throw fileError(
          file,
          `has a vocabulary row that is no [token, score] at ${id}: ${JSON.stringify(row)}`,
        );
      }
      vocabulary.set(row[0], id);
    });
  } else if (isObject(value)) {
    for (const [token, id] of Object.entries(value)) {
      if (typeof id !== 'number' || !Number.isInteger(id) || id < 0) {
        throw fileError(file, `gives the token ${JSON.stringify(token)} the id ${JSON.stringify(id)}`);
      }
      vocabulary.set(token, id);
    }
  }
  if (vocabulary.size === 0) throw fileError(file, 'has no vocabulary');
  return vocabulary;
}

function openLibrary(tokenizerJson: JsonObject, config: JsonObject, file: string): LibraryTokenizer {
  try {
    const library = new HuggingFaceTokenizer(tokenizerJson, config);
    library.normalizer = exactNormaliser(library.normalizer, tokenizerJson);
    library.encode('a');
    return library;
  } catch (cause) {
    throw fileError(file, `cannot be used (${messageOf(cause)})`);
  }
}

/** Finds what the post-processor puts around a text. */
function wrapping(encode: (text: string, specials: boolean) => number[]): {
  prefix: number[];
  suffix: number[];
} {
  const content = encode('a', false);
  const wrapped = encode('a', true);
  for (let at = 0; at + content.length <= wrapped.length; at++) {
    if (content.every((id, i) => wrapped[at + i] === id)) {
      return { prefix: wrapped.slice(0, at), suffix: wrapped.slice(at + content.length) };
    }
  }
  return { prefix: [], suffix: [] };
}
