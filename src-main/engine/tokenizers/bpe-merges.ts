import { fileError } from './tokenizer-files.ts';

/** Rank of a pair of symbols, lowest merged first; a pair's key is `left right` (no symbol holds a space). */
export type MergeRanks = ReadonlyMap<string, number>;

/**
 * Merges of `merges.txt` (a text) or of `tokenizer.json` (a list of "a b" or ["a", "b"]).
 * @throws {AppError} invalid-model naming the line.
 */
export function readMerges(source: unknown, file: string): MergeRanks {
  let rows: readonly unknown[];
  if (typeof source === 'string') rows = source.split('\n').map((line) => line.replace(/\r$/, ''));
  else if (Array.isArray(source)) rows = source;
  else throw fileError(file, 'has no merges');
  const ranks = new Map<string, number>();
  rows.forEach((row, i) => {
    if (row === '' || (i === 0 && typeof row === 'string' && row.startsWith('#version'))) return;
    const pair: unknown = typeof row === 'string' ? row.split(' ') : row;
    if (!Array.isArray(pair) || pair.length !== 2 || !pair.every((s) => typeof s === 'string' && s !== '')) {
      throw fileError(file, `has a merge that is no pair of symbols at ${i + 1}: ${JSON.stringify(row)}`);
    }
    const key = `${pair[0]} ${pair[1]}`;
    if (!ranks.has(key)) ranks.set(key, ranks.size);
  });
  return ranks;
}

/** Byte-pair encoding (Sennrich et al., 1508.07909): merges the lowest-ranked pair everywhere until none is left. */
export function mergeSymbols(symbols: readonly string[], ranks: MergeRanks): string[] {
  let word = [...symbols];
  while (word.length > 1) {
    let best = Number.POSITIVE_INFINITY;
    let at = -1;
    for (let i = 0; i + 1 < word.length; i++) {
      const rank = ranks.get(`${word[i]} ${word[i + 1]}`);
      if (rank !== undefined && rank < best) {
        best = rank;
        at = i;
      }
    }
    if (at < 0) break;
    const left = word[at]!;
    const right = word[at + 1]!;
    const merged: string[] = [];
    for (let i = 0; i < word.length; i++) {
      if (word[i] === left && word[i + 1] === right) {
        merged.push(left + right);
        i++;
      } else merged.push(word[i]!);
    }
    word = merged;
  }
  return word;
}
