import { readFile } from 'node:fs/promises';
import { AppError } from '../../src-shared/kernel/errors.ts';
import type { RgbImage } from '../engine/ports.ts';
import { decodeImage } from '../host/render/frame-codec.ts';

/**
 * The pixels of picture files, in order.
 * @throws {AppError} not-found, invalid-asset, naming the file
 */
export function readPictures(files: readonly string[]): Promise<RgbImage[]> {
  return Promise.all(
    files.map(async (file) => {
      const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
        throw new AppError('not-found', `The picture ${file} cannot be read: ${error.message}`, {
          cause: error,
        });
      });
      return decodeImage(bytes, file);
    }),
  );
}
