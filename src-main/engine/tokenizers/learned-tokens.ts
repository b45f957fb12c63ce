import type { Encoding, Tokenizer } from './tokenizer.ts';

/** A word that stands for tokens which the vocabulary lacks (textual inversion). */
export interface LearnedWord {
  readonly word: string;
  /** One id for each of its vectors, from the vocabulary's size on. */
  readonly ids: readonly number[];
}

/**
 * A tokenizer that knows further words, wherever they stand in a text, the longest first; CLIP's in any case of letters,
 * as it lowers them all. They come out as one token for each vector, as transformers' added tokens do.
 */
export function withLearnedWords(tokenizer: Tokenizer, words: readonly LearnedWord[]): Tokenizer {
  if (words.length === 0) return tokenizer;
  const spelling = (text: string): string => (tokenizer.kind === 'clip' ? text.toLowerCase() : text);
  const byWord = new Map(words.map((word) => [spelling(word.word), word]));
  const pattern = new RegExp(
    [...byWord.keys()]
      .sort((a, b) => b.length - a.length)
      .map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
      .join('|'),
    tokenizer.kind === 'clip' ? 'giu' : 'gu',
  );
  const names = new Map(words.flatMap(({ word, ids }) => ids.map((id, i) => [id, nameOf(word, i)] as const)));

  const encode = (text: string): Encoding => {
    const ids: number[] = [];
    const tokens: string[] = [];
    const take = (part: Encoding): void => {
      ids.push(...part.ids);
      tokens.push(...part.tokens);
    };
    let start = 0;
    for (const match of text.matchAll(pattern)) {
      take(tokenizer.encode(text.slice(start, match.index)));
      const word = byWord.get(spelling(match[0]))!;
      take({ ids: [...word.ids], tokens: word.ids.map((id) => names.get(id)!) });
      start = match.index + match[0].length;
    }
    take(tokenizer.encode(text.slice(start)));
    return { ids, tokens };
  };
  const wrap: Tokenizer['wrap'] = (content, length) => {
    const fixed = tokenizer.wrap(content, length);
    return { ...fixed, tokens: fixed.tokens.map((token, i) => names.get(fixed.ids[i]!) ?? token) };
  };
  return { ...tokenizer, encode, wrap, encodeFixed: (text, length) => wrap(encode(text).ids, length) };
}

/** The names that transformers' multi-vector tokens have: word, word_1, word_2. */
function nameOf(word: string, index: number): string {
  return index === 0 ? word : `${word}_${index}`;
}
