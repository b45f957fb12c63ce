import { type FrameSpec, isOriginalSampler } from '../../../../src-shared/model/frame-spec.ts';
import type { FrameNote, RgbImage } from '../../ports.ts';
import type { KandinskyModel } from './description.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * The size that a frame is sampled at. The original samplers take any: it is rounded up to what the U-Net takes, and
 * the decoded picture is cropped at its right and lower edge.
 */
export function sampledSize(model: KandinskyModel, spec: FrameSpec): Size {
  if (!isOriginalSampler(spec.sampler.scheduler)) return spec;
  const up = (side: number): number => Math.ceil(side / model.sizeMultiple) * model.sizeMultiple;
  return { width: up(spec.width), height: up(spec.height) };
}

export function cropNotes(model: KandinskyModel, spec: FrameSpec): FrameNote[] {
  const { width, height } = sampledSize(model, spec);
  if (width === spec.width && height === spec.height) return [];
  return [
    {
      code: 'size-cropped',
      message: `The picture was made at ${width} x ${height}, multiples of ${model.sizeMultiple}, and cropped to ${spec.width} x ${spec.height}, as the original does.`,
    },
  ];
}

/** A picture cut at its right and lower edge to a size, or continued there by its last pixels. */
export function withSides(picture: RgbImage, { width, height }: Size): RgbImage {
  if (picture.width === width && picture.height === height) return picture;
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    const row = Math.min(y, picture.height - 1) * picture.width;
    for (let x = 0; x < width; x++) {
      const from = 3 * (row + Math.min(x, picture.width - 1));
      data.set(picture.data.subarray(from, from + 3), 3 * (y * width + x));
    }
  }
  return { width, height, data };
}
