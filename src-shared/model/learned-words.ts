/** A learned word as prompts write it by custom: `<cat-toy>`. */
const LEARNED = /<(?!\|)[^\s<>]+>/g;

/**
 * Words of prompts that are written as learned ones and that no installed file teaches, in order of first use: the
 * encoder reads them as letters.
 */
export function missingWords(texts: readonly string[], installed: readonly string[]): string[] {
  const known = new Set(installed.map((token) => token.toLowerCase()));
  const found = texts.flatMap((text) => text.match(LEARNED) ?? []);
  return [...new Set(found)].filter((word) => !known.has(word.toLowerCase()));
}

/** Tells of such a word. */
export function sayMissing(word: string): string {
  return `${word} looks like a learned word, and no file of it is installed: it is read as the letters that it has. "models embeddings" lists the words that are there.`;
}
