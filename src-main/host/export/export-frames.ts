import { AppError, throwIfCancelled } from '../../../src-shared/kernel/errors.ts';
import { writeGif } from './gif.ts';
import { sizeOnDisk, writeWhole } from './output-file.ts';
import { writePngSequence } from './png-sequence.ts';
import { resized } from './resize.ts';
import { checkPlayback } from './timeline.ts';
import type { ExportFormat, ExportHooks, ExportRequest, ExportSummary, FrameSource } from './types.ts';
import { writeMp4, writeWebm } from './video.ts';
import { writeWebp } from './webp.ts';

type Writer = (
  temporary: string,
  request: ExportRequest,
  source: FrameSource,
  hooks: ExportHooks,
) => Promise<{ frames: number; duration: number }>;

const WRITERS: Readonly<Record<ExportFormat, Writer>> = {
  gif: writeGif,
  mp4: writeMp4,
  webm: writeWebm,
  webp: writeWebp,
  png: writePngSequence,
};

/**
 * Writes frames as one animation. Frames are read as they are needed, so memory does not grow with their number.
 * @throws {AppError} invalid-input | ffmpeg-missing | export-failed | disk-full | read-only | cancelled; in every case
 *   the final name is as it was before
 */
export async function exportFrames(request: ExportRequest, hooks: ExportHooks = {}): Promise<ExportSummary> {
  checkPlayback(request.playback);
  if (request.source.count < 1) throw new AppError('invalid-input', 'There are no frames to export.');
  throwIfCancelled(hooks.signal, 'The export');
  const source = resized(request.source, request.size);
  const { paletteSource, maxBytes } = request;
  const sized = paletteSource && { paletteSource: resized(paletteSource, request.size) };
  const written = await writeWhole(
    request.out,
    request.format === 'png' ? 'folder' : 'file',
    async (temporary) => {
      const result = await WRITERS[request.format](temporary, { ...request, ...sized }, source, hooks);
      const bytes = maxBytes === undefined ? 0 : await sizeOnDisk(temporary);
      if (maxBytes !== undefined && bytes > maxBytes) {
        throw new AppError('export-failed', `The file has ${bytes} bytes; at most ${maxBytes} are wanted.`, {
          data: { reason: 'too-large', bytes },
        });
      }
      return result;
    },
  );
  return {
    out: request.out,
    frames: written.frames,
    duration: written.duration,
    bytes: await sizeOnDisk(request.out),
    width: source.width,
    height: source.height,
  };
}
