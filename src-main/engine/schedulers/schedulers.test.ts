import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isOriginalSampler,
  SCHEDULER_NAMES,
  type SchedulerName,
} from '../../../src-shared/model/frame-spec.ts';
import {
  float32Of,
  type GoldenCase,
  probe,
  readGoldens,
  replay,
} from '../../../test/support/scheduler-replay.ts';
import { createGenerator } from '../random/torch-generator.ts';
import { scale } from '../tensor/ops.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { createScheduler } from './create-scheduler.ts';
import type { SchedulerConfig, SchedulerState } from './scheduler.ts';

/** Largest difference, in units of the largest expected value (at least 1). */
function distance(expected: Float32Array, actual: Float32Array): number {
  assert.equal(actual.length, expected.length);
  let difference = 0;
  let largest = 1;
  expected.forEach((value, i) => {
    const d = Math.abs(value - actual[i]!);
    difference = d <= difference ? difference : d;
    largest = Math.max(largest, Math.abs(value));
  });
  return difference / largest;
}

/**
 * What is allowed between float32 implementations whose square roots, logarithms and exponentials differ by one unit
 * in the last place (the reference's come from the CPU's vector library; ours are correctly rounded).
 */
function toleranceOf(name: SchedulerName, { config }: GoldenCase): number {
  // Starts at sigma 4096, so that the clean sample is a difference of numbers a thousand times its size.
  if (config.includes('zero SNR')) return 2e-4;
  // Its weights are differences of products of logarithms.
  if (name === 'deis' && /order/.test(config)) return 1e-4;
  return 2e-5;
}

/** Karras and other spreads place fractional timesteps by float32 logarithms; all others are exact. */
function assertTimesteps(expected: Float32Array, actual: readonly number[], label: string): void {
  assert.equal(actual.length, expected.length, label);
  expected.forEach((t, i) => {
    const allowed = Number.isInteger(t) ? 0 : 5e-5 + Math.abs(t) * 2 ** -23;
    assert.ok(Math.abs(t - actual[i]!) <= allowed, `${label}: timestep ${i} is ${actual[i]}, expected ${t}`);
  });
}

function assertSigmas(
  expected: Float32Array,
  actual: readonly number[],
  golden: GoldenCase,
  label: string,
): void {
  if (actual.length === 0) return;
  assert.equal(actual.length, expected.length, label);
  // 2^-23: one unit in the last place. Rescaling to zero SNR divides differences, which enlarges it.
  const allowed = golden.config.includes('zero SNR') ? 5e-6 : 2 ** -23;
  expected.forEach((sigma, i) => {
    const difference = Math.abs(sigma - actual[i]!);
    assert.ok(difference <= allowed * sigma, `${label}: sigma ${i} is ${actual[i]}, expected ${sigma}`);
  });
}

for (const name of SCHEDULER_NAMES.filter((one) => !isOriginalSampler(one))) {
  test(`${name} follows diffusers in timesteps, sigmas, draws of noise and samples`, () => {
    const { configs, cases } = readGoldens(name);
    assert.ok(cases.length > 80);
    for (const golden of cases) {
      const label = `${golden.config}, ${golden.steps} steps${golden.begin ? ` from ${golden.begin}` : ''}`;
      const run = replay(name, configs[golden.config]!, golden);
      assertTimesteps(float32Of(golden.timesteps), run.scheduler.timesteps, label);
      assertSigmas(float32Of(golden.sigmas), run.scheduler.sigmas, golden, label);
      const start = Math.abs(run.scheduler.initNoiseSigma - golden.initNoiseSigma);
      assert.ok(start <= 2 ** -22 * golden.initNoiseSigma, `${label}: factor of the starting noise`);
      assert.deepEqual(run.draws, golden.draws, `${label}: draws of noise`);
      const tolerance = toleranceOf(name, golden);
      const final = golden.full ? run.final.data : probe(run.final);
      assert.ok(distance(float32Of(golden.start), probe(run.start)) <= 1e-6, `${label}: start`);
      assert.ok(distance(float32Of(golden.middle), probe(run.middle)) <= tolerance, `${label}: half way`);
      assert.ok(distance(float32Of(golden.final), final) <= tolerance, `${label}: final sample`);
      const total = run.final.data.reduce((sum, value) => sum + value, 0);
      const room = tolerance * Math.max(1, golden.max) * run.final.data.length;
      assert.ok(Math.abs(total - golden.sum) <= room, `${label}: sum ${total}, expected ${golden.sum}`);
    }
  });
}

const SD: SchedulerConfig = { beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear' };

/** Seed 1632, [1, 4, 8, 8], model output 0.1·x: first three values and the sum, measured with diffusers 0.42.1. */
const KNOWN: readonly (readonly [SchedulerName, SchedulerConfig, number, readonly number[], number])[] = [
  ['lms', SD, 10, [21.71533, 17.13146, -9.199531], 137.6489],
  [
    'ddim',
    { ...SD, clip_sample: false, set_alpha_to_one: false, steps_offset: 1 },
    10,
    [13.3841, 10.55887, -5.670073],
    84.83899,
  ],
  ['pndm', { ...SD, skip_prk_steps: true, steps_offset: 1 }, 10, [12.94501, 10.21246, -5.484051], 82.05567],
  [
    'euler',
    { ...SD, timestep_spacing: 'leading', steps_offset: 1 },
    10,
    [13.35073, 10.53254, -5.655931],
    84.62743,
  ],
  ['euler_a', SD, 10, [19.41771, 13.04387, -1.630051], 298.2483],
  ['heun', SD, 10, [21.00156, 16.56837, -8.897149], 133.1244],
  ['dpm++2m', SD, 10, [21.47643, 16.94299, -9.098319], 136.1344],
  ['dpm++2m_karras', SD, 10, [21.11693, 16.65937, -8.946023], 133.8557],
  ['dpm++sde', { ...SD, use_karras_sigmas: true }, 10, [15.62013, 9.503486, 2.893074], 367.2918],
  ['unipc', SD, 10, [21.34894, 16.84241, -9.044305], 135.3263],
  ['deis', SD, 10, [21.66846, 17.09448, -9.179672], 137.3517],
  ['lcm', SD, 4, [19.56891, 16.27243, -4.074673], 221.415],
  ['tcd', SD, 4, [21.37297, 17.73412, -5.089772], 222.4944],
];

test('known results of the published table hold', () => {
  for (const [name, config, steps, first, sum] of KNOWN) {
    const scheduler = createScheduler(name, config, { steps });
    const generator = createGenerator(1632);
    let sample = scale(generator.randn([1, 4, 8, 8]), scheduler.initNoiseSigma);
    let state = scheduler.start();
    for (const _ of scheduler.timesteps) {
      const output = scale(scheduler.scaleModelInput(sample, state), 0.1);
      const noise = scheduler.needsNoise(state) ? generator.randn(sample.dims) : undefined;
      ({ sample, state } = scheduler.step(output, sample, state, noise));
    }
    first.forEach((value, i) => {
      assert.ok(Math.abs(value - sample.data[i]!) < 2e-5, `${name}: ${sample.data[i]}, expected ${value}`);
    });
    const total = sample.data.reduce((all, value) => all + value, 0);
    assert.ok(Math.abs(total - sum) < 2e-3, `${name}: sum ${total}, expected ${sum}`);
  }
});

/** Through JSON, as a store would keep it. */
function throughStorage<T>(stored: T): T {
  const text = JSON.stringify(stored, (_, value: unknown) =>
    value instanceof Float32Array
      ? { float32: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') }
      : value,
  );
  return JSON.parse(text, (_, value) =>
    value?.float32 === undefined ? value : float32Of(value.float32),
  ) as T;
}

test('a sampling that is stored and loaded before every step ends in the same bits', () => {
  for (const name of SCHEDULER_NAMES.filter((one) => !isOriginalSampler(one))) {
    const { configs, cases } = readGoldens(name);
    for (const golden of cases.filter(({ steps }) => steps === 10)) {
      const config = configs[golden.config]!;
      const straight = replay(name, config, golden);
      const resumed = replay(name, config, golden, throughStorage);
      assert.deepEqual(resumed.final, straight.final, `${name}, ${golden.config}`);
    }
  }
});

test('a step changes neither the sample, the output nor the state it is given', () => {
  for (const name of SCHEDULER_NAMES.filter((one) => !isOriginalSampler(one))) {
    const scheduler = createScheduler(name, { ...SD, skip_prk_steps: true }, { steps: 4, eta: 0.5 });
    const generator = createGenerator(1);
    let sample: Tensor = generator.randn([1, 4, 4, 4]);
    let state: SchedulerState = scheduler.start();
    for (const _ of scheduler.timesteps) {
      const output = generator.randn(sample.dims);
      const noise = generator.randn(sample.dims);
      const given = structuredClone({ output, sample, state, noise });
      const next = scheduler.step(output, sample, state, noise);
      assert.deepEqual({ output, sample, state, noise }, given, name);
      ({ sample, state } = next);
    }
    assert.throws(() => scheduler.step(sample, sample, state, sample), RangeError);
  }
});
