import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TINY_SD, tinySd, variant } from '../../../test/support/model-folder.ts';
import { openFolder } from '../../../test/support/ort-session.ts';
import { pictureToTensor } from './picture.ts';
import { decodeLatents, encodePicture } from './vae.ts';

const VAE = tinySd().vae;
const latents = (value: number) => ({ dims: [1, 4, 8, 8], data: new Float32Array(256).fill(value) });

test('latents of 8x8 cells become a picture of 64x64 pixels', async () => {
  const picture = await decodeLatents(openFolder(TINY_SD), VAE, latents(0.1));
  assert.equal(picture.width, 64);
  assert.equal(picture.height, 64);
  assert.equal(picture.data.length, 64 * 64 * 3);
  assert.ok(new Set(picture.data).size > 20);
});

test('latents that are not finite are an error, not a black picture', async () => {
  const spoiled = latents(0.1);
  spoiled.data[7] = Number.NaN;
  await assert.rejects(decodeLatents(openFolder(TINY_SD), VAE, spoiled), /NaN or infinite/);
});

test('the posterior is sampled with one draw: scale · (mean + exp(logvar/2)·noise)', async () => {
  const source = openFolder(TINY_SD, { vae_encoder: variant('vae-encoder-parameters') });
  const picture = pictureToTensor({ width: 16, height: 8, data: new Uint8Array(16 * 8 * 3).fill(255) });
  const draws: (readonly number[])[] = [];
  const draw = (dims: readonly number[]) => {
    draws.push(dims);
    return { dims, data: new Float32Array(8).fill(0.5) };
  };
  const encoded = await encodePicture(source, VAE, { picture, draw });
  assert.deepEqual(draws, [[1, 4, 1, 2]]);
  assert.deepEqual(encoded.dims, [1, 4, 1, 2]);
  const expected = 0.18215 * (1 + Math.exp(-1) * 0.5);
  for (const value of encoded.data) assert.ok(Math.abs(value - expected) < 1e-6);
});

test('an encoder that samples by itself draws nothing', async () => {
  const picture = pictureToTensor({ width: 64, height: 64, data: new Uint8Array(64 * 64 * 3).fill(90) });
  const draw = () => assert.fail('nothing is to be drawn');
  const encoded = await encodePicture(openFolder(TINY_SD), VAE, { picture, draw });
  assert.deepEqual(encoded.dims, [1, 4, 8, 8]);
});

test('a folder without encoder says so', async () => {
  const source = openFolder(TINY_SD, { vae_encoder: variant('absent') });
  const picture = pictureToTensor({ width: 8, height: 8, data: new Uint8Array(192) });
  await assert.rejects(
    encodePicture(source, VAE, { picture, draw: () => assert.fail() }),
    /vae_encoder\/model\.onnx/,
  );
});
