import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import type { Writable } from 'node:stream';
import { AppError, cancelledError } from '../../../src-shared/kernel/errors.ts';

const require = createRequire(import.meta.url);

/**
 * Path of ffmpeg: the setting, else the package `ffmpeg-static`, else `@ffmpeg-installer/ffmpeg`, else the PATH.
 * @throws {AppError} ffmpeg-missing, saying where it was looked for
 */
export function findFfmpeg(options: { setting?: string; path?: string; platform: NodeJS.Platform }): string {
  const { setting } = options;
  if (setting !== undefined && setting !== '') {
    if (isExecutable(setting)) return setting;
    throw new AppError(
      'ffmpeg-missing',
      `The ffmpeg that is set, ${setting}, does not exist or cannot be run.`,
    );
  }
  const exe = options.platform === 'win32' ? 'ffmpeg.exe' : 'ffmpeg';
  const candidates = [
    packaged(() => require('ffmpeg-static') as string | null),
    packaged(() => (require('@ffmpeg-installer/ffmpeg') as { path: string }).path),
    ...(options.path ?? '')
      .split(delimiter)
      .filter(Boolean)
      .map((folder) => join(folder, exe)),
  ];
  const found = candidates.find((candidate) => candidate !== undefined && isExecutable(candidate));
  if (found !== undefined) return found;
  throw new AppError(
    'ffmpeg-missing',
    'ffmpeg was not found: not in INBETWEEN_FFMPEG, not in the packages ffmpeg-static and @ffmpeg-installer/ffmpeg, ' +
      'not on the PATH. Install ffmpeg or set INBETWEEN_FFMPEG to its path; PNG sequences and grids work without it.',
  );
}

function packaged(load: () => string | null): string | undefined {
  try {
    return load() ?? undefined;
  } catch {
    // An optional package that is absent or has no binary for this platform: the next candidate is tried.
    return undefined;
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** How much of ffmpeg's own words an error keeps. */
const STDERR_TAIL = 4000;

/**
 * Runs ffmpeg to its end, feeding `input` (raw frames) to its standard input as fast as it takes them.
 * @throws {AppError} cancelled | disk-full | export-failed with ffmpeg's last words
 */
export async function runFfmpeg(
  ffmpeg: string,
  args: readonly string[],
  input: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  const child = spawn(ffmpeg, ['-hide_banner', '-nostdin', '-loglevel', 'error', '-y', ...args], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-STDERR_TAIL);
  });
  // EPIPE only says that ffmpeg ended early; its exit status and words say why.
  child.stdin.on('error', () => {});
  const ended = new Promise<{ code: number | null; error?: Error }>((resolve) => {
    child.on('error', (error) => resolve({ code: null, error }));
    child.on('close', (code) => resolve({ code }));
  });
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  signal?.addEventListener('abort', kill, { once: true });
  let failure: unknown;
  try {
    for await (const chunk of input) {
      if (signal?.aborted || child.exitCode !== null || !child.stdin.writable) break;
      if (!child.stdin.write(chunk)) await Promise.race([drained(child.stdin), ended]);
    }
  } catch (error) {
    failure = error;
    kill();
  }
  child.stdin.end();
  const { code, error } = await ended;
  signal?.removeEventListener('abort', kill);
  if (signal?.aborted) throw cancelledError('The export');
  if (failure !== undefined) throw failure;
  if (error !== undefined) {
    throw new AppError('ffmpeg-missing', `${ffmpeg} could not be started: ${error.message}`, {
      cause: error,
    });
  }
  const last = words.trim().split('\n').slice(-3).join(' ');
  // Some releases end with 0 although the last bytes did not fit.
  if (/no space left|ENOSPC/i.test(words)) throw new AppError('disk-full', `The disk is full: ${last}`);
  if (code === 0) return;
  throw new AppError('export-failed', `ffmpeg failed (status ${code ?? 'killed'}): ${last || 'no message'}`);
}

/** Resolves when there is room again. A broken pipe also ends the waiting: why it broke, ffmpeg's status says. */
async function drained(stream: Writable): Promise<void> {
  await once(stream, 'drain').catch(() => {});
}

/** Input arguments for raw RGB frames on standard input. */
export function rawInput(width: number, height: number, rate: string): string[] {
  return ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${width}x${height}`, '-r', rate, '-i', 'pipe:0'];
}
