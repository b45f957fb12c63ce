/** Names that Windows keeps for devices, whatever follows the dot. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)$/i;
const MAX_LENGTH = 80;

/** A project's name as the name of a file, everywhere; without an ending. */
export function fileName(name: string): string {
  const plain = name.replace(/[\p{Cc}<>:"/\\|?*.\s]+/gu, ' ').trim();
  // By characters, not by halves of them.
  const short = [...plain].slice(0, MAX_LENGTH).join('').trim();
  return short === '' || RESERVED.test(short) ? 'Inbetween' : short;
}
