import type { RgbImage } from './ports.ts';

/** Pillow's fixed-point weights for 8-bit pictures: 22 bits behind the point. */
const PRECISION = 2 ** 22;

/** Weights of pixels by their distance from the new one, in pixels; 0 from `radius` on. */
interface Filter {
  readonly radius: number;
  weight(distance: number): number;
}

/** The cubic convolution kernel with a = −½. */
const BICUBIC: Filter = {
  radius: 2,
  weight(distance) {
    const x = Math.abs(distance);
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
    return 0;
  },
};

/** sinc(x)·sinc(x/3) */
const LANCZOS: Filter = {
  radius: 3,
  weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0),
};

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

/** Pillow's `resize(..., BICUBIC)`. */
export function resizeBicubic(picture: RgbImage, width: number, height: number): RgbImage {
  return resize(picture, { width, height }, BICUBIC);
}

/** Pillow's `resize(..., LANCZOS)`, which diffusers' image processors use. */
export function resizeLanczos(picture: RgbImage, width: number, height: number): RgbImage {
  return resize(picture, { width, height }, LANCZOS);
}

/** The middle of a picture in the shape of a size, scaled to it; the whole picture where it has the shape. */
export function cover(
  picture: RgbImage,
  { width, height }: Size,
  scale: (picture: RgbImage, width: number, height: number) => RgbImage,
): RgbImage {
  if (picture.width === width && picture.height === height) return picture;
  const shape = Math.min(picture.width / width, picture.height / height);
  const part = { width: Math.round(width * shape), height: Math.round(height * shape) };
  return scale(middle(picture, part), width, height);
}

function middle(picture: RgbImage, { width, height }: Size): RgbImage {
  if (picture.width === width && picture.height === height) return picture;
  const [left, top] = [Math.trunc((picture.width - width) / 2), Math.trunc((picture.height - height) / 2)];
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    const from = 3 * ((top + y) * picture.width + left);
    data.set(picture.data.subarray(from, from + 3 * width), 3 * y * width);
  }
  return { width, height, data };
}

/**
 * Along both axes, rounded to 8 bits between them. Pillow 13 begins with the columns where that takes off more than
 * twice as many rows as the other way takes off columns (measured over some thousand sizes).
 */
function resize(picture: RgbImage, { width, height }: Size, filter: Filter, span: Size = picture): RgbImage {
  const across = (one: RgbImage): RgbImage =>
    width === span.width ? one : resizeRows(one, width, span.width, filter);
  const down = (one: RgbImage): RgbImage =>
    height === span.height ? one : transposed(resizeRows(transposed(one), height, span.height, filter));
  const columnsFirst = picture.height - height > 2 * Math.max(0, picture.width - width);
  return columnsFirst ? across(down(picture)) : down(across(picture));
}

/** In pixels; of the part of a picture that is scaled, from its upper left corner, not always whole ones. */
interface Size {
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
  // Pillow keeps it in float32.
  const span = { width: Math.fround(picture.width / across), height: Math.fround(picture.height / down) };
  return resize(reduced(picture, across, down), { width, height }, BICUBIC, span);
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

function resizeRows(
  { width: from, height, data }: RgbImage,
  width: number,
  span: number,
  filter: Filter,
): RgbImage {
  const filters = filtersOf(from, width, span, filter);
  const out = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const { first, weights } = filters[x]!;
      let red = PRECISION / 2;
      let green = red;
      let blue = red;
      let at = 3 * (y * from + first);
      for (let i = 0; i < weights.length; i++) {
        const weight = weights[i]!;
        red += data[at++]! * weight;
        green += data[at++]! * weight;
        blue += data[at++]! * weight;
      }
      const to = 3 * (y * width + x);
      out[to] = toByte(red);
      out[to + 1] = toByte(green);
      out[to + 2] = toByte(blue);
    }
  }
  return { width, height, data: out };
}

function toByte(sum: number): number {
  const value = Math.floor(sum / PRECISION);
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** The pixels that each new pixel takes from, and their weights; the filter widens when the picture shrinks. */
function filtersOf(
  from: number,
  to: number,
  span: number,
  { radius, weight }: Filter,
): { first: number; weights: Float64Array }[] {
  const scale = span / to;
  const widened = Math.max(scale, 1);
  const support = radius * widened;
  return Array.from({ length: to }, (_, x) => {
    const centre = (x + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(from, Math.trunc(centre + support + 0.5));
    const weights = Float64Array.from({ length: end - first }, (_unused, i) =>
      weight((i + first - centre + 0.5) * (1 / widened)),
    );
    const sum = weights.reduce((total, one) => total + one, 0);
    return {
      first,
      weights: weights.map((one) => {
        const fixed = (one / sum) * PRECISION;
        return fixed < 0 ? Math.trunc(fixed - 0.5) : Math.trunc(fixed + 0.5);
      }),
    };
  });
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
