/**
 * sentencepiece's precompiled character map (T5, XLM-R, mT5): a Darts double-array trie from UTF-8 prefixes to
 * places in a block of NUL-ended replacements. The `tokenizers` library applies it grapheme by grapheme: a grapheme
 * below 6 bytes is replaced as a whole by the shortest prefix that matches, else character by character. That is not
 * NFKC, so it is followed to the letter here.
 * @param base64 the map as `tokenizer.json` holds it
 * @throws {RangeError} when it is no such map
 */
export function precompiledCharsmap(base64: string): (text: string) => string {
  const binary = atob(base64);
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const trieBytes = bytes.length >= 4 ? view.getUint32(0, true) : 0;
  if (trieBytes === 0 || trieBytes % 4 !== 0 || 4 + trieBytes > bytes.length) {
    throw new RangeError('the precompiled character map is cut or no such map');
  }
  const trie = Uint32Array.from({ length: trieBytes / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const replacements = bytes.subarray(4 + trieBytes);
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

  const transform = (chunk: string): string | undefined => {
    let at = offsetOf(trie[0] ?? 0);
    for (const byte of encoder.encode(chunk)) {
      if (byte === 0) return undefined;
      at ^= byte;
      const unit = trie[at] ?? 0;
      if ((unit & 0x800000ff) >>> 0 !== byte) return undefined;
      at ^= offsetOf(unit);
      if (((unit >>> 8) & 1) === 1) {
        const from = (trie[at] ?? 0) & 0x7fffffff;
        const end = replacements.indexOf(0, from);
        return decoder.decode(replacements.subarray(from, end < 0 ? replacements.length : end));
      }
    }
    return undefined;
  };
  const cache = new Map<string, string>();
  const normaliseGrapheme = (grapheme: string): string => {
    if (encoder.encode(grapheme).length < 6) {
      const whole = transform(grapheme);
      if (whole !== undefined) return whole;
    }
    let out = '';
    for (const char of grapheme) out += transform(char) ?? char;
    return out;
  };
  return (text) => {
    let out = '';
    for (const { segment } of graphemes.segment(text)) {
      let replaced = cache.get(segment);
      if (replaced === undefined) {
        replaced = normaliseGrapheme(segment);
        if (cache.size >= 20_000) cache.clear();
        cache.set(segment, replaced);
      }
      out += replaced;
    }
    return out;
  };
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
