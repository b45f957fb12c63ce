import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeEnvelope } from './envelope.ts';
import { readGifStructure } from './gif-blocks.ts';
import { jpegComment } from './jpeg-comments.ts';
import { projectOfPng } from './png-chunks.ts';

/**
 * The JSON text of the project that an exported file carries, found by the file's content, not by its name. For a
 * folder of PNG files the first one is read.
 * @returns undefined when the file carries none
 */
export async function readProjectFrom(path: string): Promise<string | undefined> {
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (names !== undefined) {
    const first = names.filter((name) => name.endsWith('.png')).sort()[0];
    return first === undefined ? undefined : readProjectFrom(join(path, first));
  }
  const head = await readHead(path);
  if (head.toString('latin1', 0, 4) === 'GIF8') {
    const { comments } = await readGifStructure(path);
    return comments.map((comment) => decodeEnvelope(comment)).find((document) => document !== undefined);
  }
  if (head.toString('latin1', 1, 4) === 'PNG') return projectOfPng(await readFile(path));
  if (head[0] === 0xff && head[1] === 0xd8) return decodeEnvelope(jpegComment(await readFile(path)));
  return findEnvelope(path);
}

async function readHead(path: string): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    const head = Buffer.alloc(16);
    await handle.read(head, 0, 16, 0);
    return head;
  } finally {
    await handle.close();
  }
}

const MARKER = Buffer.from('inbetween-project:');
const WINDOW = 1 << 20;

/** MP4, WebM and WebP hold the envelope in one piece: it is found by its marker wherever the container puts it. */
async function findEnvelope(path: string): Promise<string | undefined> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const buffer = Buffer.alloc(WINDOW + MARKER.length);
    for (let at = 0; at < size; at += WINDOW) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
      const found = buffer.subarray(0, bytesRead).indexOf(MARKER);
      if (found < 0) continue;
      const rest = Buffer.alloc(Math.min(size - at - found, 64 << 20));
      await handle.read(rest, 0, rest.length, at + found);
      return decodeEnvelope(rest.toString('latin1'));
    }
    return undefined;
  } finally {
    await handle.close();
  }
}
