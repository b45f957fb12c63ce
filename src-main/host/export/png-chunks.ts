import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const KEYWORD = 'inbetween';
const LARGEST_DOCUMENT = 64 * 1024 * 1024;

/**
 * Adds the project to a PNG as a compressed iTXt chunk with the keyword "inbetween", behind the header.
 * Source: PNG specification (third edition), 11.3.3.4.
 */
export function addProjectToPng(png: Uint8Array, document: string): Buffer {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  const headerEnd = SIGNATURE.length + 25;
  const data = Buffer.concat([
    Buffer.from(`${KEYWORD}\0`, 'latin1'),
    // compressed, zlib, no language, no translated keyword
    Buffer.from([1, 0, 0, 0]),
    deflateSync(Buffer.from(document, 'utf8'), { level: 9 }),
  ]);
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write('iTXt', 4, 'latin1');
  data.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return Buffer.concat([bytes.subarray(0, headerEnd), chunk, bytes.subarray(headerEnd)]);
}

/** The project inside a PNG; undefined when there is none or its chunk is damaged. */
export function projectOfPng(png: Buffer): string | undefined {
  if (!png.subarray(0, 8).equals(SIGNATURE)) return undefined;
  for (let at = 8; at + 12 <= png.length;) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const data = png.subarray(at + 8, at + 8 + length);
    if (type === 'iTXt' && data.toString('latin1', 0, KEYWORD.length + 1) === `${KEYWORD}\0`)
      return inflate(data);
    if (type === 'IEND') return undefined;
    at += 12 + length;
  }
  return undefined;
}

function inflate(data: Buffer): string | undefined {
  // keyword 0 flag method language 0 translated 0 text
  const compressed = data[KEYWORD.length + 1] === 1;
  const language = data.indexOf(0, KEYWORD.length + 3);
  const translated = language < 0 ? -1 : data.indexOf(0, language + 1);
  if (translated < 0) return undefined;
  const text = data.subarray(translated + 1);
  try {
    return (compressed ? inflateSync(text, { maxOutputLength: LARGEST_DOCUMENT }) : text).toString('utf8');
  } catch {
    // A damaged chunk: the caller reports that no project is inside.
    return undefined;
  }
}
