import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '../../../../src-shared/kernel/errors.ts';
import { TINY_SD, tinySd, variant } from '../../../../test/support/model-folder.ts';
import { openFolder } from '../../../../test/support/ort-session.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { guidanceEmbedding } from './guidance-embedding.ts';
import type { StableDiffusionModel } from './description.ts';
import { openDenoiser } from './unet.ts';

const MODEL = tinySd();

function filled(dims: number[], value: number): Tensor {
  return { dims, data: new Float32Array(dims.reduce((a, b) => a * b)).fill(value) };
}

const text = (value: number, tokens = 77): Tensor => filled([1, tokens, 8], value);

/** The variants give sample/2 + mean of the text + timestep/1000 (+ mean of the guidance embedding). */
async function predictOne(
  name: string,
  model: StableDiffusionModel = MODEL,
  timestep = 400,
): Promise<number[]> {
  const source = openFolder(TINY_SD, { unet: variant(name) });
  const contexts = [{ prompt: text(3), negative: text(1), guidanceScale: 7 }];
  const denoiser = await openDenoiser(source, model, contexts, 8, 8);
  const [prediction] = await denoiser.predict([filled([1, 4, 8, 8], 2)], timestep, 'step 1 of 1');
  const values: number[] = [];
  for (const part of [prediction!.unconditional, prediction!.conditional]) {
    if (part === null) continue;
    assert.deepEqual(part.dims, [1, 4, 8, 8]);
    assert.ok(part.data.every((value) => value === part.data[0]));
    values.push(part.data[0]!);
  }
  return values;
}

const close = (found: number[], expected: number[], tolerance = 1e-6) => {
  assert.equal(found.length, expected.length);
  for (const [i, value] of expected.entries()) {
    assert.ok(Math.abs(found[i]! - value) <= tolerance, `${found} is not ${expected}`);
  }
};

test('timesteps travel in whatever type and rank the session has', async () => {
  for (const name of ['unet-scalar-time', 'unet-time-per-row', 'unet-int32-time']) {
    close(await predictOne(name), [2.4, 4.4]);
  }
  close(await predictOne('unet-float16'), [2.4, 4.4], 0.002);
});

test('fractional timesteps reach sessions that take floats and are cut for sessions that take integers', async () => {
  close(await predictOne('unet-scalar-time', MODEL, 400.75), [2.40075, 4.40075]);
  close(await predictOne('unet-int32-time', MODEL, 400.75), [2.4, 4.4]);
  const source = openFolder(TINY_SD);
  const contexts = [{ prompt: text(3), negative: null, guidanceScale: 1 }];
  assert.equal((await openDenoiser(source, MODEL, contexts, 8, 8)).wholeTimesteps, true);
});

test('a fixed batch is filled up or split into calls with the same result', async () => {
  for (const name of ['unet-fixed', 'unet-fixed-batch-4']) close(await predictOne(name), [2.4, 4.4]);
});

test('prompts of different length run in calls of their own', async () => {
  const contexts = [{ prompt: text(3, 154), negative: text(1), guidanceScale: 7 }];
  const source = openFolder(TINY_SD, { unet: variant('unet-scalar-time') });
  const denoiser = await openDenoiser(source, MODEL, contexts, 8, 8);
  const [prediction] = await denoiser.predict([filled([1, 4, 8, 8], 2)], 400, 'step 1 of 1');
  close([prediction!.unconditional!.data[0]!, prediction!.conditional.data[0]!], [2.4, 4.4]);
});

test('several frames share a batch: all unconditional rows first', async () => {
  const source = openFolder(TINY_SD, { unet: variant('unet-scalar-time') });
  const contexts = [
    { prompt: text(3), negative: text(1), guidanceScale: 7 },
    { prompt: text(5), negative: text(2), guidanceScale: 4 },
  ];
  const denoiser = await openDenoiser(source, MODEL, contexts, 8, 8);
  const inputs = [filled([1, 4, 8, 8], 2), filled([1, 4, 8, 8], 4)];
  for (let step = 0; step < 2; step++) {
    const predictions = await denoiser.predict(inputs, 0, 'step 1 of 1');
    close(
      predictions.flatMap(({ unconditional, conditional }) => [
        unconditional!.data[0]!,
        conditional.data[0]!,
      ]),
      [2, 4, 4, 7],
    );
  }
});

test('a distilled U-Net gets the guidance scale as an input instead of a second row', async () => {
  const model = { ...MODEL, unet: { ...MODEL.unet, timeCondDim: 16 } };
  const mean = guidanceEmbedding(7, 16).reduce((sum, value) => sum + value, 0) / 16;
  close(await predictOne('unet-guidance-input', model), [4.4 + mean], 1e-5);
});

test('a fixed size or prompt length is refused with what is accepted', async () => {
  const source = openFolder(TINY_SD, { unet: variant('unet-fixed') });
  const contexts = [{ prompt: text(3), negative: text(1), guidanceScale: 7 }];
  await assert.rejects(openDenoiser(source, MODEL, contexts, 8, 16), (error: AppError) => {
    assert.equal(error.code, 'invalid-input');
    assert.match(error.message, /64x64 pixels only, not 128x64/);
    return true;
  });
  const long = [{ prompt: text(3, 154), negative: text(1, 154), guidanceScale: 7 }];
  await assert.rejects(openDenoiser(source, MODEL, long, 8, 8), /154 tokens.*exactly 77/);
});

test('channels that differ from the configs are refused before anything runs', async () => {
  const source = openFolder(TINY_SD, { unet: variant('unet-inpainting') });
  const contexts = [{ prompt: text(3), negative: text(1), guidanceScale: 7 }];
  await assert.rejects(openDenoiser(source, MODEL, contexts, 8, 8), /takes 9 channels.*say 4/);
});

test('a file that claims a huge fixed batch is refused before memory is asked for', async () => {
  const real = await openFolder(TINY_SD).session('unet');
  const inputs = real.inputs.map((info) =>
    info.name === 'sample' ? { ...info, dims: [2 ** 40, ...info.dims.slice(1)] } : info,
  );
  const source = { has: () => true, session: async () => ({ ...real, inputs }) };
  const contexts = [{ prompt: text(3), negative: text(1), guidanceScale: 7 }];
  await assert.rejects(openDenoiser(source, MODEL, contexts, 8, 8), {
    code: 'invalid-model',
    message: /takes 1099511627776 rows at once\. Accepted: 1 to 64/,
  });
});
