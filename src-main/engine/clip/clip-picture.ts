import type { RgbImage } from '../ports.ts';
import { div32, f32, sub32 } from '../tensor/float32.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { PicturePreprocessor } from './preprocessor.ts';

/** Pillow's fixed-point weights for 8-bit pictures: 22 bits behind the point. */
const PRECISION = 2 ** 22;

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

/** Pillow's `resize(..., BICUBIC)`: rows first, then columns, rounded to 8 bits after each. */
export function resizeBicubic(picture: RgbImage, width: number, height: number): RgbImage {
  const wide = width === picture.width ? picture : resizeRows(picture, width);
  if (height === wide.height) return wide;
  return transposed(resizeRows(transposed(wide), height));
}

function resizeRows({ width: from, height, data }: RgbImage, width: number): RgbImage {
  const filters = filtersOf(from, width);
  const out = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const { first, weights } = filters[x]!;
      for (let channel = 0; channel < 3; channel++) {
        let sum = PRECISION / 2;
        for (const [i, weight] of weights.entries())
          sum += data[3 * (y * from + first + i) + channel]! * weight;
        const value = Math.floor(sum / PRECISION);
        out[3 * (y * width + x) + channel] = value < 0 ? 0 : value > 255 ? 255 : value;
      }
    }
  }
  return { width, height, data: out };
}

/** The pixels that each new pixel takes from, and their weights; the filter widens when the picture shrinks. */
function filtersOf(from: number, to: number): { first: number; weights: number[] }[] {
  const scale = from / to;
  const widened = Math.max(scale, 1);
  const support = 2 * widened;
  return Array.from({ length: to }, (_, x) => {
    const centre = (x + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(from, Math.trunc(centre + support + 0.5));
    const raw = Array.from({ length: end - first }, (_unused, i) =>
      bicubic((i + first - centre + 0.5) / widened),
    );
    const sum = raw.reduce((total, weight) => total + weight, 0);
    const weights = raw.map((weight) => {
      const fixed = (weight / sum) * PRECISION;
      return fixed < 0 ? Math.trunc(fixed - 0.5) : Math.trunc(fixed + 0.5);
    });
    return { first, weights };
  });
}

/** The cubic convolution kernel with a = −½. */
function bicubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

function transposed({ width, height, data }: RgbImage): RgbImage {
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        out[3 * (x * height + y) + channel] = data[3 * (y * width + x) + channel]!;
      }
    }
  }
  return { width: height, height: width, data: out };
}
