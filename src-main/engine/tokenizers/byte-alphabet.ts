/**
 * Byte-level BPE works on printable stand-ins of bytes (GPT-2's `bytes_to_unicode`): printable Latin-1 characters stand
 * for themselves, the other bytes for U+0100 and on, in order.
 */
const CHAR_OF_BYTE: readonly string[] = (() => {
  const printable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
})();

const BYTE_OF_CHAR: ReadonlyMap<string, number> = new Map(CHAR_OF_BYTE.map((char, byte) => [char, byte]));

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The stand-ins of a text's UTF-8 bytes. */
export function toByteChars(text: string): string[] {
  return Array.from(encoder.encode(text), (byte) => CHAR_OF_BYTE[byte]!);
}

/** The text behind stand-ins; characters that are none are dropped, broken UTF-8 becomes U+FFFD. */
export function fromByteChars(chars: string): string {
  const bytes: number[] = [];
  for (const char of chars) {
    const byte = BYTE_OF_CHAR.get(char);
    if (byte !== undefined) bytes.push(byte);
  }
  return decoder.decode(Uint8Array.from(bytes));
}
