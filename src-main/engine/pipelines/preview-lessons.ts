import type { RgbImage } from '../ports.ts';

/** Shapes on a picture: enough for colours and edges of every kind to meet. */
const SHAPES = 26;

/**
 * A picture of no thing: a wash of colours with discs and boxes on it, from nearly black to nearly white. Encoded by a
 * model, it tells how that model's latents stand for colour and shape. Equal numbers give equal pictures.
 */
export function lessonPicture(width: number, height: number, number: number): RgbImage {
  const random = generator(0x9e3779b9 ^ (number * 0x85ebca6b));
  const data = new Uint8Array(width * height * 3);
  const corners = Array.from({ length: 4 }, () => colour(random));
  for (let y = 0; y < height; y++) {
    const v = y / height;
    for (let x = 0; x < width; x++) {
      const u = x / width;
      for (let c = 0; c < 3; c++) {
        const top = corners[0]![c]! * (1 - u) + corners[1]![c]! * u;
        const bottom = corners[2]![c]! * (1 - u) + corners[3]![c]! * u;
        data[(y * width + x) * 3 + c] = top * (1 - v) + bottom * v;
      }
    }
  }
  const side = Math.min(width, height);
  for (let i = 0; i < SHAPES; i++) {
    const isDisc = random() < 0.6;
    const [cx, cy] = [random() * width, random() * height];
    const [rx, ry] = [(0.02 + 0.16 * random()) * side, (0.02 + 0.16 * random()) * side];
    const [inner, outer] = [colour(random), colour(random)];
    for (let y = Math.max(0, Math.floor(cy - ry)); y < Math.min(height, cy + ry); y++) {
      for (let x = Math.max(0, Math.floor(cx - rx)); x < Math.min(width, cx + rx); x++) {
        const [dx, dy] = [(x - cx) / rx, (y - cy) / ry];
        const away = isDisc ? Math.hypot(dx, dy) : Math.max(Math.abs(dx), Math.abs(dy));
        if (away > 1) continue;
        // Shaded like a thing, so that neighbouring latents differ by a little too.
        for (let c = 0; c < 3; c++) {
          data[(y * width + x) * 3 + c] = inner[c]! * (1 - away) + outer[c]! * away;
        }
      }
    }
  }
  return { width, height, data };
}

/** Any hue, any lightness. */
function colour(random: () => number): readonly number[] {
  const grey = random();
  const vivid = random();
  return Array.from({ length: 3 }, () => 255 * (grey * (1 - vivid) + random() * vivid));
}

/** mulberry32: numbers of 0..1. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
