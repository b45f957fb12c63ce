import type { RgbImage } from '../../engine/ports.ts';

/** Each pixel as a square, so many times that the picture is at least `side` wide or high; never smaller than it was. */
export function enlarge(image: RgbImage, side: number): RgbImage {
  const times = Math.max(1, Math.ceil(side / Math.max(image.width, image.height)));
  if (times === 1) return image;
  const width = image.width * times;
  const height = image.height * times;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / times) * image.width;
    for (let x = 0; x < width; x++) {
      const from = (row + Math.floor(x / times)) * 3;
      data.set(image.data.subarray(from, from + 3), (y * width + x) * 3);
    }
  }
  return { width, height, data };
}
