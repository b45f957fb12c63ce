import assert from 'node:assert/strict';
import { test } from 'node:test';
import { binaryMask, maskOnLatents, pictureToTensor, tensorToPicture, withoutMasked } from './picture.ts';

test('a picture survives the way to -1..1 and back', () => {
  const data = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => (i * 7) % 256);
  const tensor = pictureToTensor({ width: 16, height: 16, data });
  assert.deepEqual(tensor.dims, [1, 3, 16, 16]);
  assert.deepEqual(tensorToPicture(tensor), { width: 16, height: 16, data });
});

test('values outside -1..1 are clamped and halves are rounded to even, as numpy rounds', () => {
  const golden = [
    0, 0, 0, 7, 22, 37, 52, 67, 82, 97, 112, 127, 143, 158, 173, 188, 203, 218, 233, 248, 255, 255, 255,
  ];
  const values = [
    -1.2999999523162842, -1.1818181276321411, -1.063636302947998, -0.945454478263855, -0.8272726535797119,
    -0.7090908885002136, -0.5909090638160706, -0.4727272391319275, -0.3545454144477844, -0.23636358976364136,
    -0.11818177998065948, -3.725290298461914e-8, 0.11818177998065948, 0.23636358976364136, 0.3545454144477844,
    0.4727272391319275, 0.5909090638160706, 0.7090908885002136, 0.8272726535797119, 0.945454478263855,
    1.063636302947998, 1.1818181276321411, 1.2999999523162842,
  ];
  const grey = [...values, ...values, ...values];
  const picture = tensorToPicture({ dims: [1, 3, 1, values.length], data: Float32Array.from(grey) });
  assert.deepEqual(
    [...picture.data],
    golden.flatMap((v) => [v, v, v]),
  );
  const halves = tensorToPicture({ dims: [1, 3, 1, 1], data: Float32Array.of(0, 1 / 255, -1 / 255) });
  assert.deepEqual([...halves.data], [128, 128, 127]);
});

test('a mask repaints from mid grey on and takes the upper left pixel of each latent cell', () => {
  const width = 8;
  const data = new Uint8Array(width * 4 * 3);
  data.fill(128, 0, 3);
  data.fill(127, 4 * 3, 5 * 3);
  data.fill(255, (width + 5) * 3, (width + 6) * 3);
  const mask = binaryMask({ width, height: 4, data });
  assert.equal(mask[0], 1);
  assert.equal(mask[4], 0);
  assert.deepEqual([...maskOnLatents(mask, width, 4, 4)], [1, 0]);
});

test('of a coloured mask the brightness counts, as in greys that Pillow makes of it', () => {
  // Red, green and blue at their fullest are greys of 76, 150 and 29; the last is 128.
  const data = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 87, 174, 0);
  assert.deepEqual([...binaryMask({ width: 4, height: 1, data })], [0, 1, 0, 1]);
});

test('the pixels under a mask become mid grey in all three planes', () => {
  const picture = pictureToTensor({ width: 2, height: 1, data: Uint8Array.of(255, 0, 255, 255, 0, 255) });
  const masked = withoutMasked(picture, Uint8Array.of(0, 1));
  assert.deepEqual([...masked.data], [1, 0, -1, 0, 1, 0]);
});
