import { type FileHandle, open } from 'node:fs/promises';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { encodeEnvelope } from './envelope.ts';
import { xmpOf } from './webp.ts';

// ffmpeg's own metadata files cut values at a kilobyte, so the project is added to the finished containers here.

/** Where XMP lives in an MP4: a top-level `uuid` box. Source: XMP specification part 3, "MPEG-4". */
const XMP_UUID = Buffer.from('be7acfcb97a942e89c71999491e3afac', 'hex');

/** Adds the project to a finished MP4 as an XMP box at its end; players skip boxes they do not know. */
export async function addProjectToMp4(file: string, document: string): Promise<void> {
  const xmp = Buffer.from(xmpOf(encodeEnvelope(document)), 'utf8');
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + XMP_UUID.length + xmp.length, 0);
  head.write('uuid', 4, 'latin1');
  await edit(file, async (handle, size) => {
    await handle.write(Buffer.concat([head, XMP_UUID, xmp]), 0, undefined, size);
  });
}

const EBML = 0x1a45dfa3;
const SEGMENT = 0x18538067;
const TAGS = 0x1254c367;
const TAG = 0x7373;
const TARGETS = 0x63c0;
const SIMPLE_TAG = 0x67c8;
const TAG_NAME = 0x45a3;
const TAG_STRING = 0x4487;

/**
 * Adds the project to a finished WebM as a tag at the end of its segment. Source: Matroska elements, RFC 9559.
 * @throws {AppError} export-failed when the file is not laid out as encoders write it
 */
export async function addProjectToWebm(file: string, document: string): Promise<void> {
  const simple = element(
    SIMPLE_TAG,
    Buffer.concat([
      element(TAG_NAME, Buffer.from('INBETWEEN_PROJECT', 'latin1')),
      element(TAG_STRING, Buffer.from(encodeEnvelope(document), 'latin1')),
    ]),
  );
  const tags = element(TAGS, element(TAG, Buffer.concat([element(TARGETS, Buffer.alloc(0)), simple])));
  await edit(file, async (handle, size) => {
    const head = Buffer.alloc(64);
    await handle.read(head, 0, head.length, 0);
    const header = sizeField(head, 4);
    const segmentAt = 4 + header.length + Number(header.value);
    if (head.readUInt32BE(0) !== EBML || segmentAt > 48 || head.readUInt32BE(segmentAt) !== SEGMENT) {
      throw new AppError('export-failed', 'The WebM encoder wrote a file without room for the project.');
    }
    const segment = sizeField(head, segmentAt + 4);
    await handle.write(tags, 0, tags.length, size);
    if (segment.unknown) return;
    const longer = encodedSize(segment.value + BigInt(tags.length), segment.length);
    await handle.write(longer, 0, longer.length, segmentAt + 4);
  });
}

/** An element size: the position of the first set bit says how many bytes it has. */
function sizeField(bytes: Buffer, at: number): { length: number; value: bigint; unknown: boolean } {
  const length = Math.clz32(bytes[at] as number) - 23;
  let value = BigInt((bytes[at] as number) & ((1 << (8 - length)) - 1));
  for (let i = 1; i < length; i++) value = (value << 8n) | BigInt(bytes[at + i] as number);
  return { length, value, unknown: value === (1n << BigInt(7 * length)) - 1n };
}

function encodedSize(value: bigint, length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value | (1n << BigInt(7 * length)));
  return bytes.subarray(8 - length);
}

function element(id: number, data: Buffer): Buffer {
  const idBytes = Buffer.from(id.toString(16), 'hex');
  return Buffer.concat([idBytes, encodedSize(BigInt(data.length), 8), data]);
}

async function edit(
  file: string,
  change: (handle: FileHandle, size: number) => Promise<void>,
): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await change(handle, (await handle.stat()).size);
  } finally {
    await handle.close();
  }
}
