import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { AppError } from '../../src-shared/kernel/errors.ts';
import {
  embeddingKey,
  type FrameSpec,
  type Noise,
  isOriginalSampler,
  SCHEDULER_NAMES,
} from '../../src-shared/model/frame-spec.ts';
import { readModelFiles, TINY_SD, variant } from '../../test/support/model-folder.ts';
import { openFolder } from '../../test/support/ort-session.ts';
import { createPipeline } from './pipelines/families.ts';
import type { Pipeline } from './pipelines/pipeline.ts';
import type { FrameRequest, FrameResult, RgbImage } from './ports.ts';
import { renderFrame, renderFrames } from './render-frame.ts';

const FILES = readModelFiles(TINY_SD);

const SPEC: FrameSpec = {
  version: 1,
  model: 'tiny',
  width: 64,
  height: 64,
  prompt: { kind: 'text', text: 'red cat, 4k photo' },
  negative: { kind: 'text', text: '' },
  text: { clipSkip: 0, longPrompts: 'truncate' },
  noise: { kind: 'seed', seed: 1632 },
  sampler: { scheduler: 'ddim', overrides: {}, steps: 4, guidanceScale: 5, guidanceRescale: 0, eta: 0 },
  init: null,
  mask: null,
};

let pipeline: Pipeline;
beforeEach(() => {
  pipeline = pipelineWith({});
});

function pipelineWith(replaced: Record<string, string>, files: Record<string, string> = {}): Pipeline {
  const paths = Object.fromEntries(Object.entries(replaced).map(([name, file]) => [name, variant(file)]));
  return createPipeline(openFolder(TINY_SD, paths), { ...FILES, ...files });
}

const request = (spec: FrameSpec, assets: FrameRequest['assets'] = {}): FrameRequest => ({
  spec,
  embeddings: {},
  assets,
});
const render = (spec: FrameSpec, assets: FrameRequest['assets'] = {}, on = pipeline): Promise<FrameResult> =>
  renderFrame(on, request(spec, assets), {});
const sampler = (changes: Partial<FrameSpec['sampler']>): FrameSpec => ({
  ...SPEC,
  sampler: { ...SPEC.sampler, ...changes },
});

function samePicture(a: FrameResult, b: FrameResult): void {
  assert.deepEqual(a.latents, b.latents);
  assert.deepEqual(a.image, b.image);
}

function solid(level: number, width = 64, height = 64): RgbImage {
  return { width, height, data: new Uint8Array(width * height * 3).fill(level) };
}

const INIT: FrameSpec = { ...SPEC, init: { asset: 'picture', strength: 0.5 } };

test('one spec gives identical bytes every time, for every scheduler', async () => {
  for (const scheduler of SCHEDULER_NAMES.filter((one) => !isOriginalSampler(one))) {
    const spec = sampler({ scheduler });
    const first = await render(spec);
    assert.equal(first.image.data.length, 64 * 64 * 3);
    assert.deepEqual(first.latents.dims, [1, 4, 8, 8]);
    samePicture(first, await render(spec));
  }
});

test('embeddings may be given or computed: the bytes are the same', async () => {
  const computed = await render(SPEC);
  const keys = ['red cat, 4k photo', ''].map((text) => embeddingKey('tiny', text, SPEC.text));
  assert.deepEqual(Object.keys(computed.embeddings).sort(), keys.sort());
  const given = await renderFrame(pipeline, { spec: SPEC, embeddings: computed.embeddings, assets: {} }, {});
  samePicture(computed, given);
  assert.deepEqual(given.embeddings, {});
});

test('a blend at its ends is the plain frame', async () => {
  const plain = await render(SPEC);
  const other: Noise = { kind: 'seed', seed: 5 };
  for (const method of ['lerp', 'slerp'] as const) {
    const blended = await render({
      ...SPEC,
      prompt: { kind: 'blend', method, from: SPEC.prompt, to: { kind: 'text', text: 'blue dog' }, t: 0 },
      noise: { kind: 'blend', method, from: other, to: SPEC.noise, t: 1 },
    });
    samePicture(plain, blended);
  }
});

test('prompt, seed, guidance and size change the picture', async () => {
  const plain = await render(SPEC);
  const changes: FrameSpec[] = [
    { ...SPEC, prompt: { kind: 'text', text: 'blue dog' } },
    { ...SPEC, prompt: { kind: 'text', text: '(red:1.4) cat, 4k photo' } },
    { ...SPEC, negative: { kind: 'text', text: 'blurry' } },
    { ...SPEC, noise: { kind: 'seed', seed: 1 } },
    sampler({ guidanceScale: 8 }),
    sampler({ guidanceRescale: 0.7 }),
  ];
  for (const spec of changes) assert.notDeepEqual((await render(spec)).latents, plain.latents);
  assert.equal((await render({ ...SPEC, width: 128 })).image.width, 128);
});

test('without guidance the negative prompt is neither encoded nor used', async () => {
  const off = sampler({ guidanceScale: 1 });
  const first = await render(off);
  assert.equal(Object.keys(first.embeddings).length, 1);
  samePicture(first, await render({ ...off, negative: { kind: 'text', text: 'blurry' } }));
});

test('a cancel between steps stops at once', async () => {
  const controller = new AbortController();
  const steps: number[] = [];
  const rendering = renderFrame(pipeline, request(SPEC), {
    signal: controller.signal,
    onStep({ step, steps: planned }) {
      assert.equal(planned, 4);
      steps.push(step);
      if (step === 2) controller.abort();
    },
  });
  await assert.rejects(
    rendering,
    (error: AppError) => error instanceof AppError && error.code === 'cancelled',
  );
  assert.deepEqual(steps, [1, 2]);
});

test('a message that arrives while the engine yields can cancel', async () => {
  const controller = new AbortController();
  let yields = 0;
  const rendering = renderFrame(pipeline, request(SPEC), {
    signal: controller.signal,
    async yield() {
      yields += 1;
      if (yields === 3) controller.abort();
    },
  });
  await assert.rejects(rendering, /cancelled/);
  assert.equal(yields, 3);
});

test('frames that share a batch are the frames rendered one by one', async () => {
  const specs = [
    SPEC,
    { ...SPEC, noise: { kind: 'seed', seed: 9 } as const },
    { ...sampler({ guidanceScale: 3 }) },
  ];
  const together = await renderFrames(
    pipeline,
    specs.map((spec) => request(spec)),
    {},
  );
  for (const [i, spec] of specs.entries()) {
    const alone = await render(spec);
    const { data } = together[i]!.latents;
    for (let j = 0; j < data.length; j++) assert.ok(Math.abs(data[j]! - alone.latents.data[j]!) < 1e-4);
  }
  const different = [SPEC, sampler({ steps: 5 })].map((spec) => request(spec));
  await assert.rejects(renderFrames(pipeline, different, {}), /cannot share a batch/);
});

test('a prompt that is too long is cut with a note, also when its embedding is known, or runs in chunks', async () => {
  const long: FrameSpec = { ...SPEC, prompt: { kind: 'text', text: 'cat '.repeat(60) } };
  const cut = await render(long);
  assert.deepEqual(
    cut.notes.map((note) => note.code),
    ['prompt-truncated'],
  );
  const again = await renderFrame(pipeline, { spec: long, embeddings: cut.embeddings, assets: {} }, {});
  assert.deepEqual(again.notes, cut.notes);
  const chunked = await render({ ...long, text: { clipSkip: 0, longPrompts: 'chunk' } });
  assert.deepEqual(chunked.notes, []);
  assert.notDeepEqual(chunked.latents, cut.latents);
});

test('fractional timesteps on a session that takes whole ones leave a note', async () => {
  const codes = async (on: Pipeline) =>
    (await render(sampler({ scheduler: 'euler', steps: 5 }), {}, on)).notes.map((note) => note.code);
  assert.deepEqual(await codes(pipeline), ['timestep-rounded']);
  assert.deepEqual(await codes(pipelineWith({ unet: 'unet-scalar-time' })), []);
});

test('image to image runs the last share of the steps and follows its picture', async () => {
  const counted = async (strength: number): Promise<number> => {
    let steps = 0;
    const spec: FrameSpec = { ...SPEC, init: { asset: 'picture', strength } };
    await renderFrame(pipeline, request(spec, { picture: solid(200) }), { onStep: () => (steps += 1) });
    return steps;
  };
  assert.deepEqual([await counted(0.25), await counted(0.5), await counted(1)], [1, 2, 4]);
  const light = await render(INIT, { picture: solid(200) });
  const dark = await render(INIT, { picture: solid(20) });
  assert.notDeepEqual(light.latents, dark.latents);
  await assert.rejects(counted(0.1), /strength of 0\.1 with 4 steps leaves no step.*0\.250 or more/);
  await assert.rejects(counted(1.5), /Accepted: 0 to 1/);
});

test('image to image starts with every scheduler', async () => {
  for (const scheduler of SCHEDULER_NAMES.filter((one) => !isOriginalSampler(one))) {
    const spec: FrameSpec = { ...sampler({ scheduler }), init: { asset: 'picture', strength: 0.75 } };
    const result = await render(spec, { picture: solid(200) });
    assert.ok(result.latents.data.every(Number.isFinite), scheduler);
  }
});

test('inpainting with a plain model keeps the latents under black exactly', async () => {
  const picture = solid(200);
  const mask = solid(0);
  for (let y = 0; y < 64; y++) mask.data.fill(255, y * 192, y * 192 + 96);
  const spec: FrameSpec = { ...INIT, init: { asset: 'picture', strength: 1 }, mask: 'mask' };
  const painted = (await render(spec, { picture, mask })).latents;
  const other = (await render({ ...spec, noise: { kind: 'seed', seed: 3 } }, { picture, mask })).latents;
  for (let i = 0; i < painted.data.length; i++) {
    const repainted = i % 8 < 4;
    assert.equal(painted.data[i] === other.data[i], !repainted, `cell ${i}`);
  }
});

test('an inpainting model takes mask and masked picture as channels, and cannot do without', async () => {
  const config = {
    'unet/config.json': JSON.stringify({ in_channels: 9, sample_size: 8, cross_attention_dim: 8 }),
  };
  const replaced = { unet: 'unet-inpainting', vae_encoder: 'vae-encoder-parameters' };
  const inpainting = pipelineWith(replaced, config);
  const spec: FrameSpec = { ...INIT, mask: 'mask' };
  const assets = { picture: solid(200), mask: solid(255) };
  const result = await render(spec, assets, inpainting);
  assert.deepEqual(result.latents.dims, [1, 4, 8, 8]);
  await assert.rejects(render(SPEC, {}, inpainting), /inpainting model.*lacks the mask/);
});

test('pictures of another size, missing pictures and a mask alone are refused by name', async () => {
  await assert.rejects(render(INIT, { picture: solid(0, 32, 64) }), /init picture is 32x64.*exactly.*64x64/);
  await assert.rejects(render(INIT), (error: AppError) => error.code === 'invalid-asset');
  await assert.rejects(render({ ...SPEC, mask: 'mask' }), /mask needs an init picture/);
});

test('sizes that the model cannot do are refused with the multiple', async () => {
  await assert.rejects(render({ ...SPEC, width: 72 }), /width is 72.*multiples of 64/);
  await assert.rejects(render({ ...SPEC, height: 0 }), /height is 0/);
});

test('numbers that overflow are an error naming the step, never a black frame', async () => {
  const spoiled = pipelineWith({ unet: 'unet-nan' });
  await assert.rejects(render(SPEC, {}, spoiled), (error: AppError) => {
    assert.equal(error.code, 'engine-failed');
    assert.match(error.message, /step 3 of 4 holds NaN/);
    return true;
  });
});
