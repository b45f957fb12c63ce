/**
 * Lower-cases character by character, as the `tokenizers` library does. JavaScript's `toLowerCase` on a whole text
 * would look at the context and end Greek words in "ς", which are other tokens.
 */
export function lowerCase(text: string): string {
  let out = '';
  for (const char of text) out += char.toLowerCase();
  return out;
}
