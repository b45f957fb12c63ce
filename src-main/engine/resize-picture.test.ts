import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RgbImage } from './ports.ts';
import { resizeByReducing } from './resize-picture.ts';

/** Values of Pillow 13: `resize(size, BICUBIC, reducing_gap=1)`. */
const GOLDEN = [
  {
    from: [50, 37],
    to: [16, 12],
    first: [22, 1, 36, 43, 4, 134, 65, 7, 205, 87, 11, 61],
    last: [52, 132, 143],
    sums: [70176, 27951],
  },
  {
    from: [41, 100],
    to: [20, 16],
    first: [38, 1, 28, 53, 6, 91, 67, 12, 155, 81, 17, 201],
    last: [133, 105, 117],
    sums: [118999, 44770],
  },
  {
    from: [20, 16],
    to: [24, 20],
    first: [0, 0, 0, 4, 0, 22, 10, 0, 49, 16, 0, 75],
    last: [73, 31, 49],
    sums: [156738, 65602],
  },
] as const;

test("pictures for the original Kandinsky are scaled byte for byte as Pillow's reducing resize does", () => {
  for (const { from, to, first, last, sums } of GOLDEN) {
    const { data } = resizeByReducing(pattern(from[0], from[1]), to[0], to[1]);
    assert.deepEqual([...data.subarray(0, 12)], first);
    assert.deepEqual([...data.subarray(-3)], last);
    const sum = data.reduce((total, value) => total + value, 0);
    const mixed = data.reduce((total, value, i) => total + ((value * i) % 97), 0);
    assert.deepEqual([sum, mixed], sums);
  }
});

function pattern(width: number, height: number): RgbImage {
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data.set([(7 * x + 13 * y) % 256, (x * y) % 256, (31 * x + y * y) % 256], 3 * (y * width + x));
    }
  }
  return { width, height, data };
}
