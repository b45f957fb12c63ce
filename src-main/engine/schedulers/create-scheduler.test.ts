import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError, type ErrorCode } from '../../../src-shared/kernel/errors.ts';
import {
  isOriginalSampler,
  SCHEDULER_NAMES,
  type SchedulerName,
} from '../../../src-shared/model/frame-spec.ts';
import { createGenerator } from '../random/torch-generator.ts';
import { scale } from '../tensor/ops.ts';
import { zeros } from '../tensor/tensor.ts';
import { createScheduler } from './create-scheduler.ts';
import type { SchedulerConfig } from './scheduler.ts';

const SD: SchedulerConfig = {
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  skip_prk_steps: true,
};

function assertRefused(run: () => unknown, code: ErrorCode, ...words: readonly string[]): void {
  assert.throws(run, (error) => {
    assert.ok(error instanceof AppError, `${error}`);
    assert.equal(error.code, code, error.message);
    for (const word of words) assert.ok(error.message.includes(word), `"${error.message}" lacks "${word}"`);
    return true;
  });
}

test('every name makes a scheduler of that name whose timesteps fall within the training range', () => {
  for (const name of SCHEDULER_NAMES.filter((one) => !isOriginalSampler(one))) {
    for (const steps of [1, 2, 3, 7, 20, 50]) {
      const scheduler = createScheduler(name, SD, { steps });
      assert.equal(scheduler.name, name);
      assert.ok(scheduler.timesteps.length >= steps);
      assert.ok(
        scheduler.timesteps.every((t, i, all) => t >= 0 && t <= 999 && (i === 0 || t <= all[i - 1]!)),
      );
      assert.ok(scheduler.sigmas.length === 0 || scheduler.sigmas.length > scheduler.timesteps.length);
    }
  }
});

test('numbers of steps whose trailing timesteps come out one too many are trimmed, and a note says so', () => {
  const config = { ...SD, timestep_spacing: 'trailing' };
  const trimmed = Array.from({ length: 250 }, (_, i) => i + 1).filter((steps) => {
    const { timesteps, notes } = createScheduler('ddim', config, { steps });
    assert.equal(timesteps.length, steps);
    assert.ok(timesteps.every((t) => t >= 0));
    return notes.length > 0;
  });
  assert.deepEqual(trimmed.slice(0, 6), [61, 103, 121, 122, 201, 206]);
  assert.match(createScheduler('euler', config, { steps: 61 }).notes[0]!, /61 steps yields 62 timesteps/);
});

test('numbers of steps, eta and strength out of range are refused', () => {
  for (const steps of [0, -1, 2.5, 1001, Number.NaN]) {
    assertRefused(() => createScheduler('ddim', SD, { steps }), 'invalid-input', `${steps}`, '1 to 1000');
  }
  assertRefused(() => createScheduler('ddim', SD, { steps: 5, eta: 1.5 }), 'invalid-input', 'eta', '1.5');
  assertRefused(() => createScheduler('lcm', SD, { steps: 5, strength: 0 }), 'invalid-input', 'strength');
  assertRefused(() => createScheduler('lcm', SD, { steps: 51 }), 'invalid-input', '51', '1 to 50');
  assertRefused(
    () => createScheduler('tcd', SD, { steps: 11, strength: 0.2 }),
    'invalid-input',
    '11',
    '1 to 10',
  );
});

test('an unknown name is refused with the known ones', () => {
  assertRefused(
    () => createScheduler('p_sampler' as SchedulerName, SD, { steps: 5 }),
    'invalid-input',
    'p_sampler',
    'dpm++2m_karras',
  );
});

const REFUSED: readonly (readonly [SchedulerName, SchedulerConfig, ...words: string[]])[] = [
  ['ddim', { beta_schedule: 'cubic' }, 'beta_schedule', 'cubic', 'squaredcos_cap_v2'],
  ['ddim', { beta_schedule: 'sigmoid' }, 'beta_schedule', 'sigmoid'],
  ['ddim', { beta_start: '0.1' }, 'beta_start', '0.1', 'a number'],
  ['ddim', { beta_end: 2 }, 'beta_end', '2'],
  ['ddim', { trained_betas: [0.1, 0.2] }, 'trained_betas', '1000'],
  ['ddim', { num_train_timesteps: 0.5 }, '1 to 0.5'],
  ['ddim', { timestep_spacing: 'wide' }, 'timestep_spacing', 'wide', 'trailing'],
  ['ddim', { clip_sample: 'yes' }, 'clip_sample', 'yes', 'true, false'],
  ['ddim', { prediction_type: 'flow_prediction' }, 'prediction_type', 'flow_prediction', 'v_prediction'],
  ['ddim', { thresholding: true, dynamic_thresholding_ratio: 2 }, 'dynamic_thresholding_ratio'],
  [
    'ddim',
    { rescale_betas_zero_snr: true, timestep_spacing: 'trailing', clip_sample: false },
    'prediction_type',
    'v_prediction',
  ],
  ['pndm', { prediction_type: 'sample' }, 'prediction_type', 'sample', 'epsilon, v_prediction'],
  ['euler_a', { prediction_type: 'sample' }, 'prediction_type', 'sample'],
  ['ddpm', { variance_type: 'huge' }, 'variance_type', 'huge', 'learned_range'],
  ['lms', { use_karras_sigmas: true, use_beta_sigmas: true }, 'use_beta_sigmas', 'use_karras_sigmas'],
  ['euler', { interpolation_type: 'cubic' }, 'interpolation_type', 'cubic', 'log_linear'],
  ['euler', { sigma_min: -1 }, 'sigma_min', '-1'],
  ['euler', { final_sigmas_type: 'one' }, 'final_sigmas_type', 'one', 'sigma_min'],
  ['euler', { timestep_type: 'odd' }, 'timestep_type', 'odd'],
  ['dpm++2m', { solver_order: 4 }, 'solver_order', '4', '1 to 3'],
  ['dpm++2m', { solver_type: 'rk' }, 'solver_type', 'rk', 'midpoint, heun'],
  ['dpm++2m', { algorithm_type: 'magic' }, 'algorithm_type', 'magic', 'sde-dpmsolver++'],
  ['dpm++2m', { algorithm_type: 'dpmsolver' }, 'final_sigmas_type', 'sigma_min'],
  [
    'dpm++2m',
    { algorithm_type: 'sde-dpmsolver', final_sigmas_type: 'sigma_min', solver_order: 3 },
    'solver_order',
    'sde-dpmsolver',
  ],
  ['dpm++2m', { use_flow_sigmas: true }, 'use_flow_sigmas', 'not supported'],
  ['dpm++2m', { use_dynamic_shifting: true }, 'use_dynamic_shifting'],
  ['dpm++2m', { lambda_min_clipped: 1000 }, 'lambda_min_clipped', '1000'],
  ['dpm++2m', { num_train_timesteps: 5 }, 'num_train_timesteps', '5 steps'],
  ['unipc', { shift_terminal: 0.1 }, 'shift_terminal'],
  ['unipc', { solver_p: { a: 1 } }, 'solver_p'],
  ['unipc', { predict_x0: false }, 'predict_x0', 'final_sigmas_type'],
  ['unipc', { lower_order_final: false }, 'lower_order_final', 'final_sigmas_type'],
  ['unipc', { disable_corrector: 'none' }, 'disable_corrector', 'a list of numbers'],
  ['deis', { algorithm_type: 'sde-dpmsolver++' }, 'algorithm_type', 'sde-dpmsolver++', 'deis'],
  ['lcm', { original_inference_steps: 0 }, 'original_inference_steps', '0'],
];

test('values that are not supported are refused by key, value and what is accepted', () => {
  for (const [name, config, ...words] of REFUSED) {
    const code = config.num_train_timesteps === 0.5 ? 'invalid-input' : 'invalid-model';
    assertRefused(() => createScheduler(name, config, { steps: 5 }), code, name, ...words);
  }
});

test('Runge-Kutta steps need at least four steps', () => {
  assertRefused(() => createScheduler('pndm', {}, { steps: 3 }), 'invalid-model', 'skip_prk_steps', 'true');
  assert.equal(createScheduler('pndm', {}, { steps: 4 }).timesteps.length, 13);
});

test('an offset that leads out of the training range is refused', () => {
  assertRefused(
    () => createScheduler('ddim', { steps_offset: 200 }, { steps: 10 }),
    'invalid-input',
    'timestep 1100',
    'steps_offset 200',
  );
});

test('unknown keys are ignored, and null takes the default or switches off', () => {
  const plain = createScheduler('ddim', {}, { steps: 5 });
  const noisy = createScheduler('ddim', { _class_name: 'X', trained_betas: null, foo: [1] }, { steps: 5 });
  assert.deepEqual(noisy.timesteps, plain.timesteps);
  const x = scale(createGenerator(1).randn([1, 1, 4, 4]), 9);
  const off = createScheduler('ddim', { clip_sample: null }, { steps: 5 });
  const output = zeros(x.dims);
  assert.notDeepEqual(off.step(output, x, off.start()).sample, plain.step(output, x, plain.start()).sample);
});

test('the Karras name overrules other spreads, and the SDE name the algorithm', () => {
  const wanted = createScheduler('dpm++2m', { ...SD, use_karras_sigmas: true }, { steps: 8 });
  const named = createScheduler('dpm++2m_karras', { ...SD, use_beta_sigmas: true }, { steps: 8 });
  assert.deepEqual(named.sigmas, wanted.sigmas);
  const sde = createScheduler('dpm++sde', { ...SD, algorithm_type: 'dpmsolver++' }, { steps: 8 });
  assert.equal(sde.needsNoise(sde.start()), true);
});

test('minus infinity is understood as Python and JSON readers write it', () => {
  const plain = createScheduler('dpm++2m', SD, { steps: 8 });
  for (const value of ['-Infinity', '-inf', null, Number.NEGATIVE_INFINITY]) {
    const scheduler = createScheduler('dpm++2m', { ...SD, lambda_min_clipped: value }, { steps: 8 });
    assert.deepEqual(scheduler.timesteps, plain.timesteps);
  }
});

test('a model output of the wrong shape is blamed on the model', () => {
  for (const name of SCHEDULER_NAMES.filter((one) => !isOriginalSampler(one))) {
    const scheduler = createScheduler(name, SD, { steps: 4 });
    const sample = zeros([1, 4, 4, 4]);
    assertRefused(
      () => scheduler.step(zeros([1, 8, 4, 4]), sample, scheduler.start(), sample),
      'invalid-model',
      '[1, 8, 4, 4]',
      '[1, 4, 4, 4]',
    );
  }
  const learned = createScheduler('ddpm', { ...SD, variance_type: 'learned_range' }, { steps: 4 });
  const sample = zeros([1, 4, 4, 4]);
  assertRefused(
    () => learned.step(sample, sample, learned.start(), sample),
    'invalid-model',
    'learned_range',
    '8',
  );
});

test('a step that draws noise does not go on without', () => {
  const scheduler = createScheduler('euler_a', SD, { steps: 4 });
  const sample = zeros([1, 4, 4, 4]);
  assert.throws(() => scheduler.step(sample, sample, scheduler.start()), RangeError);
});

test('results stay finite where the reference divides by zero', () => {
  const awkward: readonly (readonly [SchedulerName, SchedulerConfig, number, number])[] = [
    ['unipc', { ...SD, solver_type: 'bh1' }, 8, 0],
    ['ddpm', { ...SD, variance_type: 'fixed_large_log' }, 8, 0],
    [
      'ddim',
      { rescale_betas_zero_snr: true, timestep_spacing: 'trailing', prediction_type: 'v_prediction' },
      50,
      1,
    ],
    [
      'dpm++2m',
      { ...SD, use_karras_sigmas: true, final_sigmas_type: 'sigma_min', solver_type: 'heun' },
      20,
      0,
    ],
  ];
  for (const [name, config, steps, eta] of awkward) {
    const scheduler = createScheduler(name, config, { steps, eta });
    const generator = createGenerator(9);
    let sample = generator.randn([1, 4, 4, 4]);
    let state = scheduler.start();
    for (const _ of scheduler.timesteps) {
      const noise = scheduler.needsNoise(state) ? generator.randn(sample.dims) : undefined;
      ({ sample, state } = scheduler.step(scale(sample, 0.1), sample, state, noise));
    }
    assert.ok(sample.data.every(Number.isFinite), name);
  }
});
