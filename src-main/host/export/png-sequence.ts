import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { cancelledError } from '../../../src-shared/kernel/errors.ts';
import { addProjectToPng } from './png-chunks.ts';
import { playOrder } from './timeline.ts';
import type { ExportHooks, ExportRequest, FrameSource } from './types.ts';

/** Writes `frame-00000.png`, `frame-00001.png`, ... into a folder; each carries the project. */
export async function writePngSequence(
  folder: string,
  request: ExportRequest,
  source: FrameSource,
  hooks: ExportHooks,
): Promise<{ frames: number; duration: number }> {
  const order = playOrder(source.count, request.playback.pingPong);
  const digits = Math.max(5, String(order.length - 1).length);
  for (const [position, index] of order.entries()) {
    if (hooks.signal?.aborted) throw cancelledError('The export');
    const raw = { width: source.width, height: source.height, channels: 3 as const };
    const png = await sharp(await source.frame(index), { raw })
      .png({ compressionLevel: 6, adaptiveFiltering: true })
      .toBuffer();
    const bytes = request.document === undefined ? png : addProjectToPng(png, request.document);
    await writeFile(join(folder, `frame-${String(position).padStart(digits, '0')}.png`), bytes);
    hooks.onProgress?.({ done: position + 1, total: order.length });
  }
  return { frames: order.length, duration: order.length / request.playback.fps };
}
