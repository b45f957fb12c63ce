/** A project's name as the name of a file, everywhere. */
export function fileName(name: string): string {
  const plain = name
    .replace(/[\p{Cc}<>:"/\\|?*.]+/gu, ' ')
    .trim()
    .slice(0, 80);
  return plain === '' ? 'Inbetween' : plain;
}
