import { open, readFile, writeFile } from 'node:fs/promises';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { encodeEnvelope } from './envelope.ts';
import { rawInput, runFfmpeg } from './ffmpeg.ts';
import { frameRate, videoTimeline } from './timeline.ts';
import type { ExportHooks, ExportRequest, FrameSource } from './types.ts';

/** Animated WebP. Pictures that do not change are merged by the encoder into one that stands longer. */
export async function writeWebp(
  file: string,
  request: ExportRequest,
  source: FrameSource,
  hooks: ExportHooks,
): Promise<{ frames: number; duration: number }> {
  const order = videoTimeline(source.count, request.playback);
  const lossless = request.quality >= 100;
  let done = 0;
  const feed = async function* (): AsyncGenerator<Uint8Array> {
    for (const index of order) {
      yield await source.frame(index);
      done += 1;
      hooks.onProgress?.({ done, total: order.length });
    }
  };
  await runFfmpeg(
    request.ffmpeg,
    [
      ...rawInput(source.width, source.height, frameRate(request.playback.fps)),
      ...[
        '-c:v',
        'libwebp_anim',
        '-lossless',
        lossless ? '1' : '0',
        '-pix_fmt',
        lossless ? 'bgra' : 'yuv420p',
      ],
      ...[
        '-quality',
        String(request.quality),
        '-compression_level',
        '4',
        '-loop',
        String(request.playback.loop),
      ],
      ...['-threads', String(request.threads), '-f', 'webp', file],
    ],
    feed(),
    hooks.signal,
  );
  if (request.document !== undefined) {
    await extend(file, source);
    await addXmp(file, xmpOf(encodeEnvelope(request.document)));
  }
  return { frames: order.length, duration: order.length / request.playback.fps };
}

/** An XMP packet whose description carries the text. */
export function xmpOf(text: string): string {
  return (
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">' +
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" ' +
    `xmlns:inbetween="urn:inbetween:project" inbetween:project="${text}"/></rdf:RDF></x:xmpmeta><?xpacket end="r"?>`
  );
}

const XMP_FLAG = 0x04;

/**
 * Brings a still picture of the simple format into the extended one, which alone has room for XMP. The encoder writes
 * the simple format where all frames are one picture.
 * Source: RFC 9649, "Simple File Format" and "Extended File Format".
 */
async function extend(file: string, { width, height }: FrameSource): Promise<void> {
  const still = await readHead(file, 16);
  if (!['VP8 ', 'VP8L'].includes(still.toString('latin1', 12, 16))) return;
  const simple = await readFile(file);
  const header = Buffer.alloc(18);
  header.write('VP8X', 0, 'latin1');
  header.writeUInt32LE(10, 4);
  header.writeUIntLE(width - 1, 12, 3);
  header.writeUIntLE(height - 1, 15, 3);
  const extended = Buffer.concat([simple.subarray(0, 12), header, simple.subarray(12)]);
  extended.writeUInt32LE(extended.length - 8, 4);
  await writeFile(file, extended);
}

async function readHead(file: string, length: number): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const head = Buffer.alloc(length);
    await handle.read(head, 0, length, 0);
    return head;
  } finally {
    await handle.close();
  }
}

/** Appends an `XMP ` chunk to a WebP file of the extended format. */
async function addXmp(file: string, xmp: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    const head = Buffer.alloc(21);
    await handle.read(head, 0, 21, 0);
    if (head.toString('latin1', 8, 16) !== 'WEBPVP8X') {
      throw new AppError('export-failed', 'The WebP encoder wrote a file without room for the project.');
    }
    const { size } = await handle.stat();
    const data = Buffer.from(xmp, 'utf8');
    const chunk = Buffer.alloc(8 + data.length + (data.length % 2));
    chunk.write('XMP ', 0, 'latin1');
    chunk.writeUInt32LE(data.length, 4);
    data.copy(chunk, 8);
    await handle.write(chunk, 0, chunk.length, size);
    await handle.write(Buffer.from([(head[20] as number) | XMP_FLAG]), 0, 1, 20);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(size + chunk.length - 8);
    await handle.write(length, 0, 4, 4);
  } finally {
    await handle.close();
  }
}
