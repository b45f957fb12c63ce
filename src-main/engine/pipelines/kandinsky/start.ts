import type { SessionSource } from '../../ports.ts';
import { cover, resizeByReducing } from '../../resize-picture.ts';
import { linspace32 } from '../../schedulers/linspace.ts';
import { addNoiseAtAlpha } from '../../schedulers/prediction.ts';
import { f32 } from '../../tensor/float32.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { binaryMask, maskOnLatents, pictureOf, pictureToTensor, wholePicture } from '../picture.ts';
import type { FrameInput } from '../pipeline.ts';
import { encodePicture } from '../vae.ts';
import { sampledSize, withSides } from './cropping.ts';
import type { KandinskyModel } from './description.ts';
import { keepMask } from './keep-mask.ts';

/** The picture that a frame starts from. */
export interface StartPicture {
  /** Latents [1, C, h, w]. */
  readonly latents: Tensor;
  /** Inpainting: 1 keeps, 0 repaints, [h·w]. */
  readonly keep: Float32Array | null;
}

export async function startPicture(
  source: SessionSource,
  model: KandinskyModel,
  { spec, assets, wholeAssets }: FrameInput,
  draw: (dims: readonly number[]) => Tensor,
): Promise<StartPicture | null> {
  if (spec.init === null) return null;
  const size = sampledSize(model, spec);
  // Both implementations scale it so; where they squeeze a picture of another shape, its middle is taken.
  const fitted = cover(wholePicture(wholeAssets, spec.init.asset), spec, resizeByReducing);
  const picture = pictureToTensor(withSides(fitted, size));
  const latents = await encodePicture(source, model.vae, { picture, draw });
  if (spec.mask === null) return { latents, keep: null };
  const mask = binaryMask(withSides(pictureOf(assets, spec.mask, 'mask', spec), size));
  const { factor } = model.vae;
  const repaint = maskOnLatents(mask, size.width, size.height, factor);
  if (model.inpainting === 'channels') {
    return { latents, keep: keepMask(repaint, size.width / factor) };
  }
  // The wider border is what inpainting U-Nets were trained with; this one knows of no mask.
  return { latents, keep: repaint.map((value) => 1 - value) };
}

/** [latents, kept picture, mask] along the channels: the order of Kandinsky's inpainting U-Nets. */
export function withPicture(latents: Tensor, { latents: picture, keep }: StartPicture): Tensor {
  const [, channels, height, width] = latents.dims as [number, number, number, number];
  const plane = height * width;
  const data = new Float32Array((2 * channels + 1) * plane);
  data.set(latents.data);
  for (let i = 0; i < picture.data.length; i++) {
    data[channels * plane + i] = picture.data[i]! * keep![i % plane]!;
  }
  data.set(keep!, 2 * channels * plane);
  return { dims: [1, 2 * channels + 1, height, width], data };
}

/**
 * A picture at the noise level of a timestep, by the linear schedule from 0.0001 to 0.02 that both reference
 * implementations use here: Kandinsky 2.0's own, and 2.1's too, whatever its decoder was trained on.
 */
export function noisedPicture(picture: Tensor, noise: Tensor, timestep: number): Tensor {
  let product = 1;
  const betas = linspace32(0.0001, 0.02, 1000);
  for (let t = 0; t <= timestep; t++) product *= f32(1 - betas[t]!);
  return addNoiseAtAlpha(picture, noise, f32(product));
}
