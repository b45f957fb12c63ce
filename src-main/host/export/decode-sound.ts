import { spawn } from 'node:child_process';
import { AppError, cancelledError } from '../../../src-shared/kernel/errors.ts';

export interface DecodeOptions {
  /** Samples a second. */
  readonly rate: number;
  readonly channels: 1 | 2;
  /** ffmpeg audio filters, applied before resampling. */
  readonly filters?: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The sound of a file as interleaved 16-bit samples, piece by piece. Whoever stops reading ends ffmpeg.
 * @throws {AppError} invalid-asset with ffmpeg's words, ffmpeg-missing, cancelled
 */
export async function* decodeSound(
  ffmpeg: string,
  file: string,
  { rate, channels, filters, signal }: DecodeOptions,
): AsyncGenerator<Int16Array> {
  const child = spawn(
    ffmpeg,
    [
      ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-i', file, '-map', '0:a:0', '-vn'],
      ...(filters === undefined ? [] : ['-af', filters]),
      ...['-ac', String(channels), '-ar', String(rate), '-f', 's16le', 'pipe:1'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-2000)));
  const ended = new Promise<{ code: number | null; error?: Error }>((resolve) => {
    child.on('error', (error) => resolve({ code: null, error }));
    child.on('close', (code) => resolve({ code }));
  });
  const kill = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });
  try {
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const whole = bytes.length - (bytes.length % (2 * channels));
      rest = bytes.subarray(whole);
      // A copy: it begins at an even address, and is the reader's own.
      if (whole > 0) yield new Int16Array(new Uint8Array(bytes.subarray(0, whole)).buffer);
    }
    const { code, error } = await ended;
    if (signal?.aborted) throw cancelledError('Reading the sound');
    if (error !== undefined) {
      throw new AppError('ffmpeg-missing', `${ffmpeg} could not be started: ${error.message}`, {
        cause: error,
      });
    }
    if (code !== 0) {
      const last = words.trim().split('\n').slice(-2).join(' ');
      throw new AppError('invalid-asset', `The sound cannot be decoded: ${last || `status ${code}`}`);
    }
  } finally {
    signal?.removeEventListener('abort', kill);
    kill();
  }
}
