/** Longest text of one COM segment: its length field counts itself and has 16 bits. */
const SEGMENT = 65_000;

/** Adds text to a JPEG as comment segments right behind its start marker. */
export function addJpegComment(jpeg: Uint8Array, text: string): Buffer {
  const bytes = Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength);
  const data = Buffer.from(text, 'latin1');
  const segments: Buffer[] = [];
  for (let i = 0; i < data.length; i += SEGMENT) {
    const part = data.subarray(i, i + SEGMENT);
    const head = Buffer.from([0xff, 0xfe, 0, 0]);
    head.writeUInt16BE(part.length + 2, 2);
    segments.push(head, part);
  }
  return Buffer.concat([bytes.subarray(0, 2), ...segments, bytes.subarray(2)]);
}

/** The joined texts of a JPEG's comment segments. */
export function jpegComment(jpeg: Buffer): string {
  const parts: string[] = [];
  for (let at = 2; at + 4 <= jpeg.length && jpeg[at] === 0xff;) {
    const marker = jpeg[at + 1] as number;
    // Start of scan: picture data from here on.
    if (marker === 0xda) break;
    const length = jpeg.readUInt16BE(at + 2);
    if (marker === 0xfe) parts.push(jpeg.toString('latin1', at + 4, at + 2 + length));
    at += 2 + length;
  }
  return parts.join('');
}
