import type { FrameSpec } from '../../../../src-shared/model/frame-spec.ts';
import type { AddedConditioning } from './description.ts';

/** Scores of the training pictures that the refiner was shown; the reference's defaults. */
const AESTHETIC_SCORE = { prompt: 6, negative: 2.5 };

/** Numbers that Stable Diffusion XL's U-Net is told about a picture, for the two sides of guidance. */
export interface TimeIds {
  readonly prompt: readonly number[];
  readonly negative: readonly number[];
}

/**
 * Original size, top left corner of the crop, and target size (height before width), or the score in its place: a
 * whole picture of the frame's size (diffusers 0.42 _get_add_time_ids).
 */
export function timeIds(added: AddedConditioning, { width, height }: FrameSpec): TimeIds {
  const common = [height, width, 0, 0];
  if (!added.aestheticScore) {
    const ids = [...common, height, width];
    return { prompt: ids, negative: ids };
  }
  return {
    prompt: [...common, AESTHETIC_SCORE.prompt],
    negative: [...common, AESTHETIC_SCORE.negative],
  };
}
