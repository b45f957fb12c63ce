import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AppError } from '../../../../src-shared/kernel/errors.ts';
import { createGenerator } from '../../random/torch-generator.ts';
import { scale } from '../../tensor/ops.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { SchedulerConfig } from '../scheduler.ts';
import type { OriginalSamplerName } from '../../../../src-shared/model/frame-spec.ts';
import { cleanBound } from './clean-bound.ts';
import { createOriginalSampler } from './create-original-sampler.ts';
import { respaced } from './diffusion-tables.ts';
import type { OriginalOptions } from './original-sampler.ts';
import { createOriginalPrior } from './original-prior.ts';
import type { PriorSampler } from './prior-sampler.ts';
import { createUnclip } from './unclip.ts';

/** Values of the original implementations on toy models, to about six digits. */
const KANDINSKY_2_0 = { beta_start: 0.0001, beta_end: 0.02 };

describe('The samplers of the original Kandinsky', () => {
  test('p_sampler gives the reference values with learned variance', () => {
    const out = sample('p_sampler', {}, { steps: 10 }, (x) => withVariance(scale(x, 0.1), scale(x, 0.2)));
    near(out, [-0.0839457363, -0.273741245, 0.338823587, -0.0544682182]);
    nearSum(out.data, 10.4338128);
  });

  test('ddim_sampler gives the reference values', () => {
    const out = sample('ddim_sampler', KANDINSKY_2_0, { steps: 50, eta: 0.05 }, (x) => scale(x, 0.1));
    near(out, [156.326126, 122.830345, -63.9797249, -8.39943218], 1e-3);
    nearSum(out.data.subarray(0, 256), 1059.81584, 1e-2);
  });

  test('plms_sampler gives the reference values', () => {
    const out = sample('plms_sampler', KANDINSKY_2_0, { steps: 50 }, (x) => scale(x, 0.1));
    near(out, [153.014542, 120.71476, -64.8233719, -9.02374268], 1e-3);
    nearSum(out.data.subarray(0, 256), 969.926314, 1e-2);
  });

  test('their grids have the steps of the original, which are not always those asked for', () => {
    const counts = [50, 75, 100, 150, 30].map(
      (steps) => createOriginalSampler('ddim_sampler', {}, { steps }).timesteps.length,
    );
    assert.deepEqual(counts, [50, 77, 100, 167, 31]);
    assert.deepEqual(createOriginalSampler('ddim_sampler', {}, { steps: 50 }).notes, []);
    assert.equal(createOriginalSampler('plms_sampler', {}, { steps: 75 }).timesteps.length, 78);
  });

  test('respaced timesteps round half to even', () => {
    assert.deepEqual(respaced(5, 1000), [0, 250, 500, 749, 999]);
    const of25 = respaced(25, 1000);
    assert.ok(of25.includes(166) && of25.includes(832));
  });

  test('from a picture, strength is the share that is skipped', () => {
    const p = createOriginalSampler('p_sampler', {}, { steps: 50, skip: 0.8 });
    assert.equal(p.timesteps.length, 9);
    assert.equal(p.startTimestep, p.timesteps[0]);
    const ddim = createOriginalSampler('ddim_sampler', {}, { steps: 50, skip: 0.8 });
    assert.deepEqual([ddim.timesteps.length, ddim.timesteps[0], ddim.startTimestep], [10, 181, 198]);
    assert.throws(() => createOriginalSampler('p_sampler', {}, { steps: 10, skip: 1 }), isInvalidInput);
  });

  test('step counts that the original cannot run are refused', () => {
    assert.throws(() => createOriginalSampler('p_sampler', {}, { steps: 1 }), isInvalidInput);
    assert.throws(() => createOriginalSampler('ddim_sampler', {}, { steps: 501 }), isInvalidInput);
  });
});

describe("Kandinsky 2.0's bounds on the clean latents", () => {
  const clean = tensorOf([-4, -2, -1, -0.5, 0, 0.5, 1, 2]);
  const known = (of: Tensor): Tensor => of;

  test('act in inpainting with p_sampler alone, and say so elsewhere', () => {
    const config = { denoised_type: 'clip_denoised' };
    const inpainting = cleanBound('p_sampler', config, { release: '2.0', keepKnown: known });
    assert.deepEqual([...inpainting.apply!(clean).data], [-1, -1, -1, -0.5, 0, 0.5, 1, 1]);
    for (const sampler of ['p_sampler', 'ddim_sampler', 'plms_sampler']) {
      assert.deepEqual(cleanBound(sampler, config, { release: '2.0' }), { apply: null, unused: true });
    }
    assert.equal(cleanBound('ddim_sampler', {}, { release: '2.0', keepKnown: known }).unused, false);
  });

  test('act everywhere when asked to; the threshold is a percentile, at least 1', () => {
    const config = { denoised_apply: 'always', dynamic_threshold_v: 50 };
    const { apply } = cleanBound('plms_sampler', config, { release: '2.0' });
    // The median of |values| is 1.
    assert.deepEqual([...apply!(clean).data], [-1, -1, -1, -0.5, 0, 0.5, 1, 1]);
    const all = cleanBound('plms_sampler', { ...config, dynamic_threshold_v: 100 }, { release: '2.0' });
    assert.deepEqual([...all.apply!(clean).data], [-1, -0.5, -0.25, -0.125, 0, 0.125, 0.25, 0.5]);
  });

  test("2.1's p_sampler clamps to 2 instead", () => {
    assert.deepEqual(
      [...cleanBound('p_sampler', {}, {}).apply!(clean).data],
      [-2, -2, -1, -0.5, 0, 0.5, 1, 2],
    );
  });

  test('values that mean nothing are refused', () => {
    assert.throws(
      () => cleanBound('p_sampler', { denoised_type: 'none' }, {}),
      /accepted: dynamic_threshold/,
    );
    assert.throws(() => cleanBound('p_sampler', { dynamic_threshold_v: 101 }, {}), /accepted: 0 to 100/);
  });
});

describe('The samplers of the prior', () => {
  test('the original one gives the reference values', () => {
    const out = prior(createOriginalPrior('5'), [2, 768]);
    near(out, [-0.0505756587, -0.20503509, -0.0725447834, 0.131272525]);
    nearSum(out.data, 10.0573764);
  });

  test('UnCLIP gives the values of diffusers', () => {
    const config = { clip_sample_range: 10, prediction_type: 'sample' };
    const out = prior(createUnclip(config, 10), [2, 16]);
    near(out, [-0.04164549, -0.04074481, -0.03107811]);
    nearSum(out.data, 0.2570321);
  });

  test('"ddim25" has 25 steps; words and counts that mean nothing are refused', () => {
    assert.equal(createOriginalPrior('ddim25').timesteps.length, 25);
    for (const steps of ['fast5', '1', '', '2.5']) {
      assert.throws(() => createOriginalPrior(steps), isInvalidInput);
    }
  });
});

function tensorOf(values: readonly number[]): Tensor {
  return { dims: [1, 1, 1, values.length], data: Float32Array.from(values) };
}

function sample(
  name: OriginalSamplerName,
  config: SchedulerConfig,
  options: OriginalOptions,
  model: (x: Tensor) => Tensor,
): Tensor {
  const sampler = createOriginalSampler(name, config, options);
  const generator = createGenerator(1632);
  let x = generator.randn([2, 4, 8, 8]);
  let state = sampler.start();
  for (const _ of sampler.timesteps) {
    const step = sampler.step(model(x), x, state, generator.randn(x.dims));
    x = step.sample;
    state = step.state;
  }
  return x;
}

function prior(sampler: PriorSampler, dims: readonly number[]): Tensor {
  const generator = createGenerator(1632);
  let x = generator.randn(dims);
  for (const step of sampler.timesteps.keys()) {
    x = sampler.step(scale(x, 0.5), x, step, sampler.drawsAt(step) ? generator.randn(dims) : null);
  }
  return x;
}

function withVariance(output: Tensor, variance: Tensor): Tensor {
  const half = output.data.length / 2;
  const parts = [0, 1].flatMap((i) =>
    [output, variance].map(({ data }) => data.subarray(i * half, (i + 1) * half)),
  );
  const data = new Float32Array(4 * half);
  for (const [i, part] of parts.entries()) data.set(part, i * half);
  return { dims: [2, 8, 8, 8], data };
}

function near(actual: Tensor, expected: readonly number[], tolerance = 1e-5): void {
  for (const [i, value] of expected.entries()) {
    assert.ok(Math.abs(actual.data[i]! - value) <= tolerance, `${i}: ${actual.data[i]} instead of ${value}`);
  }
}

function nearSum(values: Float32Array, expected: number, tolerance = 1e-4): void {
  const sum = values.reduce((total, value) => total + value, 0);
  assert.ok(Math.abs(sum - expected) <= tolerance, `sum ${sum} instead of ${expected}`);
}

function isInvalidInput(error: unknown): boolean {
  return error instanceof AppError && error.code === 'invalid-input';
}
