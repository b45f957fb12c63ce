import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RgbImage } from '../ports.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { createLatentPreview } from './latent-preview.ts';
import { lessonPicture } from './preview-lessons.ts';

const SIDE = 16;
const FACTOR = 8;

/** Latents of a made-up model: four mixes of the block's mean colour, as an encoder would give. */
function latentsOf(picture: RgbImage): Tensor {
  const [width, height] = [picture.width / FACTOR, picture.height / FACTOR];
  const data = new Float32Array(4 * width * height);
  for (let y = 0; y < picture.height; y++) {
    for (let x = 0; x < picture.width; x++) {
      const at = Math.floor(y / FACTOR) * width + Math.floor(x / FACTOR);
      const [r = 0, g = 0, b = 0] = picture.data.subarray((y * picture.width + x) * 3);
      const mixes = [r + g + b - 380, r - g, g - b, r / 2 + b];
      for (const [c, mix] of mixes.entries()) data[c * width * height + at]! += mix / 100 / FACTOR ** 2;
    }
  }
  return { dims: [1, 4, height, width], data };
}

/** Of a colour over 4 x 4 pixels. */
function mean({ width, data }: RgbImage, left: number, top: number, colour: number): number {
  let sum = 0;
  for (let i = 0; i < 16; i++) sum += data[((top + (i >> 2)) * width + left + (i & 3)) * 3 + colour]!;
  return sum / 16;
}

test('a preview shows the colours of the picture that the latents stand for, after lessons of other pictures', () => {
  const preview = createLatentPreview();
  const lesson = (number: number): RgbImage => lessonPicture(SIDE * FACTOR, SIDE * FACTOR, number);
  assert.equal(preview.picture(latentsOf(lesson(0))), undefined);
  for (let number = 0; number < 6; number++)
    preview.learn(latentsOf(lesson(number)), lesson(number), 'lasting');
  assert.ok(preview.isReady);

  const unseen = lesson(99);
  const shown = preview.picture(latentsOf(unseen)) as RgbImage;
  assert.deepEqual([shown.width, shown.height], [SIDE * 2, SIDE * 2]);
  let error = 0;
  for (let y = 0; y < shown.height; y++) {
    for (let x = 0; x < shown.width; x++) {
      for (let c = 0; c < 3; c++) {
        error += Math.abs(shown.data[(y * shown.width + x) * 3 + c]! - mean(unseen, x * 4, y * 4, c));
      }
    }
  }
  assert.ok(error / shown.data.length < 12, `mean error ${error / shown.data.length} of 255`);
});
