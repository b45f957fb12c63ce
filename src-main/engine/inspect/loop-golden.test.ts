import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { FrameSpec } from '../../../src-shared/model/frame-spec.ts';
import { readModelFiles, TINY_SD } from '../../../test/support/model-folder.ts';
import { openFolder } from '../../../test/support/ort-session.ts';
import { type Observation, observeFrame } from '../observe-frame.ts';
import { createPipeline } from '../pipelines/families.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { channelSheet, heatMap } from './grey-pictures.ts';
import { histogramOf, statisticsByChannel } from './statistics.ts';

/** As test/goldens/loop_goldens.py writes it. */
interface TensorGolden {
  readonly values: string;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly min: readonly number[];
  readonly max: readonly number[];
}
type StepGolden = { readonly timestep: number; readonly sigma: number } & Readonly<
  Record<(typeof TENSORS)[number], TensorGolden>
>;
interface LoopGolden {
  readonly prompt: string;
  readonly negative: string;
  readonly seed: number;
  readonly guidanceScale: number;
  readonly side: number;
  readonly ids: Readonly<Record<string, readonly number[]>>;
  readonly initNoiseSigma: number;
  readonly sigmas: readonly number[];
  readonly noise: TensorGolden;
  readonly steps: readonly StepGolden[];
}

const TENSORS = ['input', 'unconditional', 'conditional', 'guided', 'denoised', 'next'] as const;
/** Latents reach 40 at the first noise level: float32 sums in another order move the last digits. */
const TOLERANCE = 2e-4;

const golden = JSON.parse(
  readFileSync(new URL('../../../test/goldens/loop.json', import.meta.url), 'utf8'),
) as LoopGolden;
const SPEC: FrameSpec = {
  version: 1,
  model: 'tiny',
  width: golden.side,
  height: golden.side,
  prompt: { kind: 'text', text: golden.prompt },
  negative: { kind: 'text', text: golden.negative },
  text: { clipSkip: 0, longPrompts: 'truncate' },
  noise: { kind: 'seed', seed: golden.seed },
  sampler: {
    scheduler: 'lms',
    overrides: {},
    steps: golden.steps.length,
    guidanceScale: golden.guidanceScale,
    guidanceRescale: 0,
    eta: 0,
  },
  init: null,
  mask: null,
};
const told = await observe();

async function observe() {
  const pipeline = createPipeline(openFolder(TINY_SD), readModelFiles(TINY_SD));
  const found: Observation[] = [];
  const options = { signal: new AbortController().signal, paint: async () => undefined };
  for await (const observation of observeFrame(
    pipeline,
    { spec: SPEC, embeddings: {}, assets: {} },
    options,
  )) {
    found.push(observation);
  }
  const of = <Kind extends Observation['kind']>(kind: Kind) =>
    found.filter((each): each is Extract<Observation, { kind: Kind }> => each.kind === kind);
  return { conditioned: of('conditioned')[0]!, started: of('started')[0]!, steps: of('stepped') };
}

test('tokens are those of the reference, padding with its own id included', () => {
  for (const { text, tokens } of told.conditioned.texts) {
    assert.deepEqual(
      tokens[0]?.chunks[0]?.map(({ id }) => id),
      golden.ids[text],
    );
  }
});

test('noise, schedule and starting sigma are those of the reference', () => {
  const { schedule, noise } = told.started;
  assert.equal(schedule.sigmas.length, golden.sigmas.length);
  schedule.sigmas.forEach((sigma, i) => near(sigma, golden.sigmas[i]!, `sigma ${i}`, 1e-6));
  near(schedule.initNoiseSigma, golden.initNoiseSigma, 'starting sigma', 1e-6);
  compare(noise, golden.noise, 'noise');
});

test('every tensor of every step, and its statistics by channel, are those of the reference', () => {
  assert.equal(told.steps.length, golden.steps.length);
  for (const [i, step] of told.steps.entries()) {
    const expected = golden.steps[i]!;
    assert.equal(Math.fround(step.timestep), Math.fround(expected.timestep));
    for (const name of TENSORS) compare(step[name]!, expected[name], `step ${i + 1}, ${name}`);
  }
});

function compare(actual: Tensor, expected: TensorGolden, what: string): void {
  const bytes = Uint8Array.from(Buffer.from(expected.values, 'base64'));
  const values = new Float32Array(bytes.buffer);
  assert.equal(actual.data.length, values.length, what);
  actual.data.forEach((value, i) => near(value, values[i]!, `${what}, value ${i}`));
  for (const [channel, statistics] of statisticsByChannel(actual).entries()) {
    for (const name of ['mean', 'std', 'min', 'max'] as const) {
      near(statistics[name], expected[name][channel]!, `${what}, ${name} of channel ${channel}`);
    }
  }
}

function near(actual: number, expected: number, what: string, tolerance = TOLERANCE): void {
  assert.ok(
    Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)),
    `${what}: ${actual} is not ${expected}`,
  );
}

test('channels stand side by side on one scale: 0 is mid grey, what is out of range is black or white', () => {
  const data = Float32Array.from([-9, 0, 0, 0, 0, 0, 0, 1]);
  const { image, columns, rows, scale } = channelSheet({ dims: [1, 2, 2, 2], data });
  assert.deepEqual([image.width, image.height, columns, rows], [4, 2, 2, 1]);
  assert.ok(Math.abs(scale - 3 * Math.sqrt(82 / 8)) < 1e-6);
  const grey = (x: number, y: number) => image.data[(y * 4 + x) * 3];
  assert.equal(grey(1, 0), 128);
  assert.equal(grey(0, 0), Math.round((-9 / scale + 1) * 127.5));
  assert.equal(grey(3, 1), Math.round((1 / scale + 1) * 127.5));
});

test('12 channels make a sheet of 4 x 3, and an embedding a row a token', () => {
  const sheet = channelSheet({ dims: [1, 12, 1, 1], data: new Float32Array(12) });
  assert.deepEqual([sheet.columns, sheet.rows], [4, 3]);
  const { image } = heatMap({ dims: [1, 3, 5], data: new Float32Array(15).fill(1) });
  assert.deepEqual([image.width, image.height, image.data[0]], [5, 3, 255]);
});

test('a histogram counts every value once, the largest in the last bin', () => {
  const { from, to, counts } = histogramOf(Float32Array.of(0, 1, 2, 3, 4), 4);
  assert.deepEqual([from, to, counts], [0, 4, [1, 1, 1, 2]]);
});
