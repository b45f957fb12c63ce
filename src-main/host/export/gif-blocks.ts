import { type FileHandle, open } from 'node:fs/promises';
import { AppError } from '../../../src-shared/kernel/errors.ts';

/**
 * Block structure of GIF89a: header, logical screen, then extensions (0x21), images (0x2C) and the trailer (0x3B),
 * the data of each in sub-blocks of at most 255 bytes. Source: GIF89a specification, CompuServe 1990.
 */
export interface GifStructure {
  readonly width: number;
  readonly height: number;
  /** Position of the delay field (two bytes, little endian, centiseconds) of each picture. */
  readonly delayOffsets: readonly number[];
  readonly delays: readonly number[];
  /** Repeats of the NETSCAPE extension (0 = for ever); undefined = plays once. */
  readonly repeats: number | undefined;
  /** Contents of the comment extensions, as Latin-1 text. */
  readonly comments: readonly string[];
  readonly trailerOffset: number;
}

/** A moving window over a file, so that structure is read without the pixels being held. */
class Window {
  readonly #handle: FileHandle;
  readonly #buffer = Buffer.alloc(1 << 18);
  #start = 0;
  #length = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async bytes(offset: number, count: number): Promise<Buffer> {
    if (offset < this.#start || offset + count > this.#start + this.#length) {
      const { bytesRead } = await this.#handle.read(this.#buffer, 0, this.#buffer.length, offset);
      this.#start = offset;
      this.#length = bytesRead;
      if (bytesRead < count) throw new AppError('invalid-asset', 'The GIF ends in the middle of a block.');
    }
    return this.#buffer.subarray(offset - this.#start, offset - this.#start + count);
  }

  async byte(offset: number): Promise<number> {
    return (await this.bytes(offset, 1))[0] as number;
  }
}

export async function readGifStructure(file: string): Promise<GifStructure> {
  const handle = await open(file, 'r');
  try {
    return await scan(new Window(handle));
  } finally {
    await handle.close();
  }
}

async function scan(window: Window): Promise<GifStructure> {
  const head = Buffer.from(await window.bytes(0, 13));
  if (head.toString('latin1', 0, 4) !== 'GIF8') throw new AppError('invalid-asset', 'This is not a GIF.');
  const colourTable = (packed: number): number => (packed & 0x80 ? 3 * (1 << ((packed & 7) + 1)) : 0);
  let at = 13 + colourTable(head[10] as number);
  const delayOffsets: number[] = [];
  const delays: number[] = [];
  const comments: string[] = [];
  let repeats: number | undefined;
  for (;;) {
    const kind = await window.byte(at);
    if (kind === 0x3b) break;
    if (kind === 0x2c) {
      const packed = await window.byte(at + 9);
      at = await skipSubBlocks(window, at + 10 + colourTable(packed) + 1);
    } else if (kind === 0x21) {
      const label = await window.byte(at + 1);
      if (label === 0xf9) {
        delayOffsets.push(at + 4);
        delays.push((await window.bytes(at + 4, 2)).readUInt16LE());
      } else if (label === 0xff) {
        const block = await window.bytes(at + 3, 16);
        if (block.toString('latin1', 0, 11) === 'NETSCAPE2.0') repeats = block.readUInt16LE(13);
      } else if (label === 0xfe) comments.push(await readSubBlocks(window, at + 2));
      at = await skipSubBlocks(window, at + 2);
    } else
      throw new AppError(
        'invalid-asset',
        `The GIF has an unknown block (0x${kind.toString(16)}) at byte ${at}.`,
      );
  }
  return {
    width: head.readUInt16LE(6),
    height: head.readUInt16LE(8),
    delayOffsets,
    delays,
    repeats,
    comments,
    trailerOffset: at,
  };
}

async function skipSubBlocks(window: Window, start: number): Promise<number> {
  let at = start;
  for (;;) {
    const length = await window.byte(at);
    at += 1 + length;
    if (length === 0) return at;
  }
}

async function readSubBlocks(window: Window, start: number): Promise<string> {
  const parts: string[] = [];
  let at = start;
  for (;;) {
    const length = await window.byte(at);
    if (length === 0) return parts.join('');
    parts.push((await window.bytes(at + 1, length)).toString('latin1'));
    at += 1 + length;
  }
}

/**
 * Writes exact delays into a finished GIF and adds a comment before its trailer.
 * @throws {AppError} export-failed when the number of pictures is not the number of delays
 */
export async function finishGif(
  file: string,
  delays: readonly number[],
  comment: string | undefined,
): Promise<void> {
  const structure = await readGifStructure(file);
  if (structure.delayOffsets.length !== delays.length) {
    throw new AppError(
      'export-failed',
      `ffmpeg wrote ${structure.delayOffsets.length} pictures into the GIF instead of ${delays.length}.`,
    );
  }
  const handle = await open(file, 'r+');
  try {
    const field = Buffer.alloc(2);
    for (const [i, offset] of structure.delayOffsets.entries()) {
      field.writeUInt16LE(Math.min(65535, delays[i] as number));
      await handle.write(field, 0, 2, offset);
    }
    if (comment === undefined) return;
    const text = Buffer.from(comment, 'latin1');
    const blocks: Buffer[] = [Buffer.from([0x21, 0xfe])];
    for (let i = 0; i < text.length; i += 255) {
      const part = text.subarray(i, i + 255);
      blocks.push(Buffer.from([part.length]), part);
    }
    blocks.push(Buffer.from([0x00, 0x3b]));
    await handle.write(Buffer.concat(blocks), 0, undefined, structure.trailerOffset);
  } finally {
    await handle.close();
  }
}
