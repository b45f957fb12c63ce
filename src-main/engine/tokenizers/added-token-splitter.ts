import type { AddedToken } from './special-tokens.ts';

/** A piece of a text: an added token, or text between such tokens. */
export type Section = { readonly token: AddedToken } | { readonly text: string };

/**
 * Splits a text at added tokens, leftmost first and the longest where several start at one place. With `spelling`,
 * tokens are looked for in another form (the normalised one).
 */
export function addedTokenSplitter(
  tokens: readonly AddedToken[],
  spelling: (content: string) => string = (content) => content,
): (text: string) => Section[] {
  const bySpelling = new Map<string, AddedToken>();
  for (const token of tokens) {
    const spelled = spelling(token.content);
    if (spelled !== '') bySpelling.set(spelled, token);
  }
  if (bySpelling.size === 0) return (text) => (text === '' ? [] : [{ text }]);
  const longestFirst = [...bySpelling.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(
    longestFirst.map((s) => s.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|'),
    'gu',
  );

  return (text) => {
    const sections: Section[] = [];
    let start = 0;
    for (const match of text.matchAll(pattern)) {
      const token = bySpelling.get(match[0])!;
      let before = text.slice(start, match.index);
      if (token.lstrip) before = before.replace(/\p{White_Space}+$/u, '');
      if (before !== '') sections.push({ text: before });
      sections.push({ token });
      start = match.index + match[0].length;
      if (token.rstrip) start += /^\p{White_Space}*/u.exec(text.slice(start))![0].length;
      // White space that a token took may hold the start of no further token, so matchAll's own position is fine.
    }
    if (start < text.length) sections.push({ text: text.slice(start) });
    return sections;
  };
}
