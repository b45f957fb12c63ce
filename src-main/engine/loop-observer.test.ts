import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FrameSpec, isOriginalSampler, SCHEDULER_NAMES } from '../../src-shared/model/frame-spec.ts';
import { readModelFiles, TINY_SD } from '../../test/support/model-folder.ts';
import { openFolder } from '../../test/support/ort-session.ts';
import type { LoopConditioning, LoopStart, LoopStep } from './loop-observer.ts';
import { createPipeline } from './pipelines/families.ts';
import type { FrameResult, RgbImage } from './ports.ts';
import { renderFrame } from './render-frame.ts';
import { sigmaOf } from './schedulers/noise-level.ts';
import type { Tensor } from './tensor/tensor.ts';

const pipeline = createPipeline(openFolder(TINY_SD), readModelFiles(TINY_SD));

const SPEC: FrameSpec = {
  version: 1,
  model: 'tiny',
  width: 64,
  height: 64,
  prompt: { kind: 'text', text: 'red cat' },
  negative: { kind: 'text', text: 'blurry' },
  text: { clipSkip: 0, longPrompts: 'truncate' },
  noise: { kind: 'seed', seed: 1632 },
  sampler: { scheduler: 'lms', overrides: {}, steps: 4, guidanceScale: 7.5, guidanceRescale: 0, eta: 0 },
  init: null,
  mask: null,
};

interface Watched {
  readonly result: FrameResult;
  readonly conditioned: LoopConditioning[];
  readonly starts: LoopStart[];
  readonly steps: LoopStep[];
}

async function watch(spec: FrameSpec, assets: Record<string, RgbImage> = {}): Promise<Watched> {
  const conditioned: LoopConditioning[] = [];
  const starts: LoopStart[] = [];
  const steps: LoopStep[] = [];
  const observer = {
    conditioned: (told: LoopConditioning) => void conditioned.push(told),
    started: (told: LoopStart) => void starts.push(told),
    // Held for a turn: the loop must wait.
    stepped: async (told: LoopStep) => {
      await Promise.resolve();
      steps.push(told);
    },
  };
  const result = await renderFrame(pipeline, { spec, embeddings: {}, assets }, { observer });
  return { result, conditioned, starts, steps };
}

const using = (scheduler: FrameSpec['sampler']['scheduler']): FrameSpec => ({
  ...SPEC,
  sampler: { ...SPEC.sampler, scheduler },
});

test('a watched frame is the frame that nobody watches, with every scheduler', async () => {
  for (const scheduler of SCHEDULER_NAMES.filter((one) => !isOriginalSampler(one))) {
    const spec = using(scheduler);
    const plain = await renderFrame(pipeline, { spec, embeddings: {}, assets: {} }, {});
    const { result, steps } = await watch(spec);
    assert.deepEqual(result.latents, plain.latents, scheduler);
    assert.deepEqual(result.image, plain.image, scheduler);
    assert.deepEqual(steps.at(-1)?.next, plain.latents, scheduler);
  }
});

test('every step starts where the one before it ended', async () => {
  const { starts, steps } = await watch(SPEC);
  const [start] = starts;
  let before = start?.latents;
  for (const step of steps) {
    assert.deepEqual(step.latents, before);
    before = step.next;
  }
  assert.deepEqual(
    steps.map(({ step, steps: all, timestep }) => [step, all, timestep]),
    start?.schedule.timesteps.map((timestep, i) => [i + 1, 4, timestep]),
  );
});

test('guidance is unconditional + scale · (conditional − unconditional)', async () => {
  const { steps } = await watch(SPEC);
  for (const { unconditional, conditional, guided } of steps) {
    const expected = guided.data.map((_, i) => {
      const u = unconditional!.data[i]!;
      return u + 7.5 * (conditional.data[i]! - u);
    });
    close(guided.data, expected, 1e-5);
  }
});

test('the model sees the latents at unit variance, and x0 is what its prediction leaves of them', async () => {
  const { steps, starts } = await watch(SPEC);
  const { sigmas, levels, initNoiseSigma } = starts[0]!.schedule;
  assert.equal(sigmas.length, 5);
  assert.equal(sigmas.at(-1), 0);
  assert.equal(initNoiseSigma, sigmas[0]);
  for (const [i, { latents, input, guided, denoised }] of steps.entries()) {
    const sigma = sigmaOf(levels[i]!);
    assert.equal(sigma, sigmas[i]);
    close(
      input.data,
      latents.data.map((value) => value / Math.sqrt(sigma ** 2 + 1)),
      1e-6,
    );
    close(
      denoised.data,
      latents.data.map((value, at) => value - sigma * guided.data[at]!),
      1e-4,
    );
  }
});

test('x0 can be had of methods that do not compute it', async () => {
  const { steps, starts } = await watch(using('pndm'));
  for (const [i, { latents, guided, denoised }] of steps.entries()) {
    const { signal, noise } = starts[0]!.schedule.levels[i]!;
    close(
      denoised.data,
      latents.data.map((value, at) => (value - noise * guided.data[at]!) / signal),
      1e-3,
    );
  }
});

test('the noise of the seed is told apart from the scaled latents', async () => {
  const { starts, conditioned } = await watch(SPEC);
  const { noise, latents, schedule } = starts[0]!;
  close(
    latents.data,
    noise.data.map((value) => value * schedule.initNoiseSigma),
    1e-5,
  );
  assert.deepEqual([...conditioned[0]!.texts.keys()], ['red cat', 'blurry']);
  assert.deepEqual(conditioned[0]!.conditioning.prompt, conditioned[0]!.texts.get('red cat') as Tensor);
});

test('image to image tells of the evaluations that it skips', async () => {
  const picture: RgbImage = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3).fill(90) };
  const { starts, steps } = await watch({ ...SPEC, init: { asset: 'a', strength: 0.5 } }, { a: picture });
  assert.equal(starts[0]!.schedule.skipped, 2);
  assert.equal(starts[0]!.schedule.timesteps.length, 2);
  assert.equal(steps.length, 2);
});

function close(actual: Float32Array, expected: Float32Array, tolerance: number): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, i) => {
    const allowed = tolerance * Math.max(1, Math.abs(expected[i]!));
    assert.ok(Math.abs(value - expected[i]!) <= allowed, `${i}: ${value} is not ${expected[i]}`);
  });
}
