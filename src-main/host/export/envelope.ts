import { deflateRawSync, inflateRawSync } from 'node:zlib';

/**
 * The project document as ASCII text, for containers whose text fields are short of characters or of length: a
 * marker, the deflated UTF-8 JSON in base64url, and a full stop as its end.
 */
const MARKER = 'inbetween-project:1:';
const END = '.';
/** More than any real document; stops a crafted file from filling the memory. */
const LARGEST_DOCUMENT = 64 * 1024 * 1024;

export function encodeEnvelope(document: string): string {
  return MARKER + deflateRawSync(Buffer.from(document, 'utf8'), { level: 9 }).toString('base64url') + END;
}

/** The first document found in the text; undefined when there is none or it is damaged. */
export function decodeEnvelope(text: string): string | undefined {
  const start = text.indexOf(MARKER);
  if (start < 0) return undefined;
  const end = text.indexOf(END, start + MARKER.length);
  if (end < 0) return undefined;
  try {
    const deflated = Buffer.from(text.slice(start + MARKER.length, end), 'base64url');
    return inflateRawSync(deflated, { maxOutputLength: LARGEST_DOCUMENT }).toString('utf8');
  } catch {
    // Cut or altered on its way: reported as "no project inside" by the caller.
    return undefined;
  }
}
