import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError, exitStatusOf } from '../../../src-shared/kernel/errors.ts';
import { sendJson } from './answers.ts';
import type { HttpContent } from './content.ts';

/** Bytes of an uploaded picture: it is held in memory. */
const MAX_PICTURE = 256 * 1024 * 1024;
/** Bytes of an uploaded project or export: it goes to the disk as it comes. */
const MAX_FILE = 8 * 1024 * 1024 * 1024;

/** A picture for an open project. */
export async function receivePicture(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  content: HttpContent,
): Promise<void> {
  const project = url.searchParams.get('project') ?? '';
  const name = (url.searchParams.get('name') ?? 'picture').slice(0, 255);
  const declared = Number(request.headers['content-length'] ?? 0);
  const chunks: Buffer[] = [];
  let size = 0;
  if (declared <= MAX_PICTURE) {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_PICTURE) break;
      chunks.push(chunk);
    }
  }
  if (Math.max(declared, size) > MAX_PICTURE) {
    return tooLarge(response, `A picture may have ${MAX_PICTURE / 1024 / 1024} MiB.`);
  }
  await answerWith(response, () => content.addAsset(project, name, Buffer.concat(chunks)));
}

/** A file that was dropped into a window elsewhere. */
export async function receiveFile(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  content: HttpContent,
): Promise<void> {
  const name = (url.searchParams.get('name') ?? '').slice(0, 255);
  // Browsers always say how much they send.
  const declared = Number(request.headers['content-length'] ?? Number.NaN);
  if (!(declared <= MAX_FILE)) {
    return tooLarge(response, `A file may have ${MAX_FILE / 1024 ** 3} GiB, and its length must be given.`);
  }
  await answerWith(response, () => content.receive(name, request));
}

async function answerWith(response: ServerResponse, work: () => Promise<object>): Promise<void> {
  try {
    sendJson(response, 200, await work());
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message, data } = error;
    // What is left of a body that was refused is not read.
    response.setHeader('Connection', 'close');
    sendJson(response, exitStatusOf(error) === 2 ? 400 : 500, { code, message, data });
  }
}

function tooLarge(response: ServerResponse, message: string): void {
  response.setHeader('Connection', 'close');
  sendJson(response, 413, { code: 'invalid-input', message, data: {} });
}
