const HEAD = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** The empty IEND chunk with its checksum. */
const TAIL = Buffer.from([0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82]);

/** Whether bytes begin and end as a PNG picture does (PNG specification, 5.2 and 11.2.4). */
export function isWholePng(bytes: Uint8Array): boolean {
  const length = bytes.byteLength;
  if (length < HEAD.length + TAIL.length) return false;
  return HEAD.equals(bytes.subarray(0, HEAD.length)) && TAIL.equals(bytes.subarray(length - TAIL.length));
}
