import { execFile } from 'node:child_process';
import { AppError, cancelledError } from '../../../src-shared/kernel/errors.ts';

/**
 * Writes the sound of a film into a FLAC file: the samples as they are heard, without the silence that encoders put
 * before them.
 * @returns false when the film has no sound
 * @throws {AppError} ffmpeg-missing, cancelled
 */
export function extractSound(
  ffmpeg: string,
  film: string,
  out: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const args = ['-hide_banner', '-nostdin', '-loglevel', 'error', '-i', film];
  const sound = ['-map', '0:a:0', '-vn', '-map_metadata', '-1', '-c:a', 'flac', '-f', 'flac', '-y', out];
  return new Promise((resolve, reject) => {
    execFile(ffmpeg, [...args, ...sound], { signal }, (error) => {
      if (error === null) return resolve(true);
      if (signal?.aborted) return reject(cancelledError('Reading the sound of a film'));
      // A number is ffmpeg's own status: there is nothing that it could take out.
      if (typeof error.code === 'number') return resolve(false);
      reject(
        new AppError('ffmpeg-missing', `${ffmpeg} could not be started: ${error.message}`, { cause: error }),
      );
    });
  });
}
