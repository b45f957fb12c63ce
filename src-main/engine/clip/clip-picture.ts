import type { RgbImage } from '../ports.ts';
import { resizeBicubic } from '../resize-picture.ts';
import { div32, f32, sub32 } from '../tensor/float32.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { PicturePreprocessor } from './preprocessor.ts';

/**
 * A picture as CLIP's preprocessor hands it to the encoder [1, 3, crop, crop]: the shorter side scaled to `resize` by
 * Pillow's antialiased bicubic filter on 8-bit values, the middle cut out, normalised by channel.
 */
export function clipPicture(picture: RgbImage, preprocessor: PicturePreprocessor): Tensor {
  const { resize, crop, mean, std } = preprocessor;
  const { width, height } = picture;
  const short = Math.min(width, height);
  const long = Math.trunc((resize * Math.max(width, height)) / short);
  const scaled = resizeBicubic(picture, width <= height ? resize : long, width <= height ? long : resize);
  const left = Math.trunc((scaled.width - crop) / 2);
  const top = Math.trunc((scaled.height - crop) / 2);
  const data = new Float32Array(3 * crop * crop);
  for (let channel = 0; channel < 3; channel++) {
    for (let y = 0; y < crop; y++) {
      for (let x = 0; x < crop; x++) {
        const [column, row] = [left + x, top + y];
        const inside = column >= 0 && row >= 0 && column < scaled.width && row < scaled.height;
        const value = inside ? scaled.data[3 * (row * scaled.width + column) + channel]! : 0;
        data[(channel * crop + y) * crop + x] = div32(sub32(f32(value / 255), mean[channel]!), std[channel]!);
      }
    }
  }
  return { dims: [1, 3, crop, crop], data };
}
