import type { RgbImage } from './ports.ts';

/** Pillow's fixed-point weights for 8-bit pictures: 22 bits behind the point. */
const PRECISION = 2 ** 22;

/** Pillow's `resize(..., BICUBIC)`: rows first, then columns, rounded to 8 bits after each. */
export function resizeBicubic(
  picture: RgbImage,
  width: number,
  height: number,
  span: Span = picture,
): RgbImage {
  const wide = width === span.width ? picture : resizeRows(picture, width, span.width);
  if (height === span.height) return wide;
  return transposed(resizeRows(transposed(wide), height, span.height));
}

/** The part of a picture that is scaled, from its upper left corner; in pixels, not always whole ones. */
interface Span {
  readonly width: number;
  readonly height: number;
}

/**
 * Pillow's `resize(..., BICUBIC, reducing_gap=1)`: whole factors are taken off by averages of boxes first.
 * @param width at most the picture's own for whole factors to be there
 */
export function resizeByReducing(picture: RgbImage, width: number, height: number): RgbImage {
  const [across, down] = [picture.width / width, picture.height / height].map((factor) =>
    Math.max(1, Math.trunc(factor)),
  ) as [number, number];
  if (across === 1 && down === 1) return resizeBicubic(picture, width, height);
  const span = { width: picture.width / across, height: picture.height / down };
  return resizeBicubic(reduced(picture, across, down), width, height, span);
}

/** Averages of boxes; those at the right and lower edge may be smaller. Pillow's rounding, 24 bits behind the point. */
function reduced({ width: from, height: rows, data }: RgbImage, across: number, down: number): RgbImage {
  const [width, height] = [Math.ceil(from / across), Math.ceil(rows / down)];
  const out = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [right, bottom] = [Math.min(from, (x + 1) * across), Math.min(rows, (y + 1) * down)];
      const count = (right - x * across) * (bottom - y * down);
      const share = Math.trunc(2 ** 24 / count);
      for (let channel = 0; channel < 3; channel++) {
        let sum = Math.trunc(count / 2);
        for (let row = y * down; row < bottom; row++) {
          for (let column = x * across; column < right; column++)
            sum += data[3 * (row * from + column) + channel]!;
        }
        out[3 * (y * width + x) + channel] = Math.floor((sum * share) / 2 ** 24);
      }
    }
  }
  return { width, height, data: out };
}

function resizeRows({ width: from, height, data }: RgbImage, width: number, span: number): RgbImage {
  const filters = filtersOf(from, width, span);
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
function filtersOf(from: number, to: number, span: number): { first: number; weights: number[] }[] {
  const scale = span / to;
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
