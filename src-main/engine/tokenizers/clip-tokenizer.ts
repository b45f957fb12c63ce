import { messageOf } from '../../../src-shared/kernel/errors.ts';
import { addedTokenSplitter } from './added-token-splitter.ts';
import { mergeSymbols, readMerges } from './bpe-merges.ts';
import { fromByteChars, toByteChars } from './byte-alphabet.ts';
import { completeTokenizer } from './fixed-length.ts';
import { lowerCase } from './lower-case.ts';
import { readAddedTokens, specialToken, type TokenizerSettings } from './special-tokens.ts';
import type { Encoding, Tokenizer, TokenizerFiles, TokenizerOptions } from './tokenizer.ts';
import {
  fileError,
  isObject,
  type JsonObject,
  readContextLength,
  readVocabulary,
} from './tokenizer-files.ts';

const END_OF_WORD = '</w>';
const START = '<|startoftext|>';
const END = '<|endoftext|>';
/** CLIP's words: English contractions, letters, single digits, the rest. */
const WORDS =
  /<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}]+/gu;
/** GPT-2's words, by which the byte-level step splits CLIP's words once more. */
const BYTE_LEVEL_WORDS = /'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}+|[^\p{White_Space}\p{L}\p{N}]+/gu;
const WORD_CACHE_LIMIT = 20_000;

/**
 * CLIP's byte-level BPE as transformers 5.23 `CLIPTokenizer` has it: NFC, white space to single blanks, lower case,
 * CLIP's word pattern, bytes, merges with `</w>` at the end of words. (No ftfy, no HTML unescaping: transformers'
 * tokenizer does neither.) Reads `tokenizer.json`, or else `vocab.json` and `merges.txt`.
 * @throws {AppError} invalid-model naming the file and its problem.
 */
export function createClipTokenizer(
  files: TokenizerFiles,
  tokenizerJson: JsonObject | undefined,
  settings: TokenizerSettings,
  options: TokenizerOptions,
): Tokenizer {
  const { vocabulary, ranks, file } = readModel(files, tokenizerJson);
  const eosToken = specialToken(settings, 'eos_token') ?? END;
  const bosToken = specialToken(settings, 'bos_token') ?? START;
  const unkToken = specialToken(settings, 'unk_token') ?? END;
  const padToken = specialToken(settings, 'pad_token') ?? END;
  const added = readAddedTokens(tokenizerJson?.added_tokens, settings, (token) => vocabulary.get(token), [
    bosToken,
    eosToken,
    unkToken,
    padToken,
  ]);
  const ids = new Map(vocabulary);
  for (const token of added) ids.set(token.content, token.id);
  const tokens = new Map([...ids].map(([token, id]) => [id, token]));
  const required = (token: string, role: string): number => {
    const id = ids.get(token);
    if (id === undefined) throw fileError(file, `does not know the ${role} token ${JSON.stringify(token)}`);
    return id;
  };
  const bosId = required(bosToken, 'start');
  const eosId = required(eosToken, 'end');
  const padId = required(padToken, 'padding');
  const unkId = ids.get(unkToken) ?? eosId;

  const splitRaw = addedTokenSplitter(added.filter((token) => !token.normalized));
  const splitNormalised = addedTokenSplitter(
    added.filter((token) => token.normalized),
    normalise,
  );
  const wordCache = new Map<string, readonly number[]>();
  const encodeWord = (word: string): readonly number[] => {
    const known = wordCache.get(word);
    if (known) return known;
    const symbols = toByteChars(word);
    symbols[symbols.length - 1] += END_OF_WORD;
    const result = mergeSymbols(symbols, ranks).map((symbol) => vocabulary.get(symbol) ?? unkId);
    if (wordCache.size >= WORD_CACHE_LIMIT) wordCache.clear();
    wordCache.set(word, result);
    return result;
  };
  const encode = (text: string): Encoding => {
    const out: number[] = [];
    for (const raw of splitRaw(text.toWellFormed())) {
      if ('token' in raw) {
        out.push(raw.token.id);
        continue;
      }
      for (const section of splitNormalised(normalise(raw.text))) {
        if ('token' in section) out.push(section.token.id);
        else for (const word of wordsOf(section.text)) for (const id of encodeWord(word)) out.push(id);
      }
    }
    return { ids: out, tokens: out.map((id) => tokens.get(id) ?? '') };
  };
  return completeTokenizer({
    kind: 'clip',
    contextLength: readContextLength(settings.config, options.defaultContextLength ?? 77),
    padId,
    bosId,
    eosId,
    prefix: [bosId],
    suffix: [eosId],
    encode,
    decode: (wanted) =>
      wanted
        .map((id) => tokens.get(id) ?? '')
        .join('')
        .split(END_OF_WORD)
        .map(fromByteChars)
        .join(' ')
        .trim(),
    tokenOf: (id) => tokens.get(id) ?? '',
  });
}

function normalise(text: string): string {
  return lowerCase(text.normalize('NFC').replace(/\p{White_Space}+/gu, ' '));
}

function wordsOf(text: string): string[] {
  return (text.match(WORDS) ?? []).flatMap((word) => word.match(BYTE_LEVEL_WORDS) ?? []);
}

function readModel(files: TokenizerFiles, tokenizerJson: JsonObject | undefined) {
  if (tokenizerJson) {
    const file = 'tokenizer.json';
    const model = tokenizerJson.model;
    if (!isObject(model)) throw fileError(file, 'has no model');
    return {
      file,
      vocabulary: readVocabulary(model.vocab, file),
      ranks: readMerges(model.merges, file),
    };
  }
  const file = 'vocab.json';
  const vocab = files[file];
  const merges = files['merges.txt'];
  if (vocab === undefined) throw fileError(file, 'is missing (and there is no tokenizer.json)');
  if (merges === undefined) throw fileError('merges.txt', 'is missing (and there is no tokenizer.json)');
  let parsed: unknown;
  try {
    parsed = JSON.parse(vocab);
  } catch (cause) {
    throw fileError(file, `is not JSON (${messageOf(cause)})`);
  }
  return { file, vocabulary: readVocabulary(parsed, file), ranks: readMerges(merges, 'merges.txt') };
}
