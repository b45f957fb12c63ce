import sharp from 'sharp';
import type { ExportSize, FrameSource } from './types.ts';

/** The same frames at another size; each is scaled when it is read, so memory stays that of one frame. */
export function resized(source: FrameSource, size: ExportSize | undefined): FrameSource {
  if (size === undefined || (size.width === source.width && size.height === source.height)) return source;
  return {
    count: source.count,
    width: size.width,
    height: size.height,
    frame: async (index) => resizeFrame(await source.frame(index), source, size),
  };
}

async function resizeFrame(
  rgb: Uint8Array,
  from: { width: number; height: number },
  size: ExportSize,
): Promise<Uint8Array> {
  const raw = { raw: { width: from.width, height: from.height, channels: 3 as const } };
  const { width, height } = size;
  const scale = { kernel: 'lanczos3' as const };
  if (size.fit !== 'contain') {
    const fit = size.fit === 'cover' ? 'cover' : 'fill';
    return sharp(rgb, raw)
      .resize(width, height, { fit, ...scale })
      .raw()
      .toBuffer();
  }
  if (size.background !== 'blur') {
    return sharp(rgb, raw)
      .resize(width, height, { fit: 'contain', background: size.background, ...scale })
      .raw()
      .toBuffer();
  }
  // The picture's own colours, far out of focus, fill the bars.
  const front = await sharp(rgb, raw)
    .resize(width, height, { fit: 'inside', ...scale })
    .png({ compressionLevel: 0 })
    .toBuffer();
  const small = await sharp(rgb, raw)
    .resize(Math.max(8, width >> 3), Math.max(8, height >> 3), { fit: 'cover' })
    .blur(8)
    .modulate({ brightness: 0.7 })
    .png({ compressionLevel: 0 })
    .toBuffer();
  return sharp(
    await sharp(small)
      .resize(width, height, { fit: 'fill', kernel: 'cubic' })
      .png({ compressionLevel: 0 })
      .toBuffer(),
  )
    .composite([{ input: front, gravity: 'centre' }])
    .removeAlpha()
    .raw()
    .toBuffer();
}
