import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RgbImage } from './ports.ts';
import { cover, resizeByReducing, resizeLanczos } from './resize-picture.ts';

interface Golden {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  readonly first: readonly number[];
  readonly last: readonly number[];
  readonly sums: readonly number[];
}

/** Values of Pillow 13: `resize(size, BICUBIC, reducing_gap=1)`. */
const REDUCED: readonly Golden[] = [
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
];

/** Values of Pillow 13: `resize(size, LANCZOS)`. */
const LANCZOS: readonly Golden[] = [
  {
    from: [50, 37],
    to: [16, 12],
    first: [22, 1, 32, 43, 4, 139, 65, 8, 184, 87, 11, 63],
    last: [34, 119, 144],
    sums: [70277, 27228],
  },
  {
    from: [41, 100],
    to: [20, 16],
    first: [38, 2, 20, 51, 7, 85, 64, 12, 168, 77, 18, 213],
    last: [156, 116, 117],
    sums: [119264, 45008],
  },
  {
    from: [20, 16],
    to: [24, 20],
    first: [0, 0, 0, 4, 0, 21, 10, 0, 51, 16, 0, 75],
    last: [73, 41, 58],
    sums: [156623, 64265],
  },
  {
    from: [64, 48],
    to: [64, 20],
    first: [9, 0, 1, 16, 1, 32, 23, 1, 63, 30, 2, 94],
    last: [5, 88, 143],
    sums: [474121, 182934],
  },
];

test("initial pictures for Kandinsky are scaled byte for byte as Pillow's reducing resize does", () => {
  assertGoldens(REDUCED, resizeByReducing);
});

test("initial pictures and masks are scaled byte for byte by Pillow's Lanczos filter", () => {
  assertGoldens(LANCZOS, resizeLanczos);
});

test('of a picture of another shape the middle is scaled', () => {
  const picture = pattern(20, 8);
  const { width, height, data } = cover(picture, { width: 4, height: 4 }, (part) => part);
  assert.deepEqual([width, height], [8, 8]);
  assert.deepEqual([...data.subarray(0, 24)], [...picture.data.subarray(18, 42)]);
});

function assertGoldens(goldens: readonly Golden[], resize: typeof resizeLanczos): void {
  for (const { from, to, first, last, sums } of goldens) {
    const { data } = resize(pattern(from[0], from[1]), to[0], to[1]);
    assert.deepEqual([...data.subarray(0, 12)], first);
    assert.deepEqual([...data.subarray(-3)], last);
    const sum = data.reduce((total, value) => total + value, 0);
    const mixed = data.reduce((total, value, i) => total + ((value * i) % 97), 0);
    assert.deepEqual([sum, mixed], sums);
  }
}

function pattern(width: number, height: number): RgbImage {
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data.set([(7 * x + 13 * y) % 256, (x * y) % 256, (31 * x + y * y) % 256], 3 * (y * width + x));
    }
  }
  return { width, height, data };
}
