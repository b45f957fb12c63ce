import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { createGenerator, restoreGenerator } from './torch-generator.ts';

interface Golden {
  readonly seed: number;
  readonly draws: readonly (readonly number[])[];
  readonly sha256: string;
}

const GOLDENS = JSON.parse(
  readFileSync(new URL('../../../test/goldens/randn.json', import.meta.url), 'utf8'),
) as { readonly cases: readonly Golden[] };

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

function assertValues(actual: Float32Array, expected: readonly number[]): void {
  assert.deepEqual([...actual], expected.map(Math.fround));
}

test('draws are bit for bit those of torch, for all seeds and sizes, also in sequences of mixed sizes', () => {
  let count = 0;
  for (const { seed, draws, sha256 } of GOLDENS.cases) {
    const generator = createGenerator(seed);
    const hash = createHash('sha256');
    for (const dims of draws) {
      const { data } = generator.randn(dims);
      count += data.length;
      hash.update(new Uint8Array(data.buffer));
    }
    assert.equal(hash.digest('hex'), sha256, `seed ${seed}, draws ${JSON.stringify(draws)}`);
  }
  assert.ok(count > 2_000_000, `${count} values compared`);
});

test('known values of seed 0 hold for small, block-sized and odd-sized draws', () => {
  assertValues(createGenerator(0).randn([4]).data, [1.54099607, -0.293428898, -2.17878938, 0.568431258]);
  assertValues(
    createGenerator(0).randn([16]).data,
    [
      -1.12583983, -1.1523602, -0.250578582, -0.433878809, 0.848710358, 0.692009151, -0.31601277, -2.11521935,
      0.322274923, -1.26333475, 0.349983186, 0.30813393, 0.119841509, 1.2376579, 1.11677718, -0.247278154,
    ],
  );
  assertValues(
    createGenerator(0).randn([20]).data.subarray(12),
    [1.38936615, 1.58633423, 0.946298361, -0.843676746, 0.931826591, 1.25900924, 2.00498056, 0.0537369028],
  );
});

test('known latents of seeds 0, 42 and 1632 hold', () => {
  const dims = [1, 4, 64, 64];
  const zero = createGenerator(0).randn(dims);
  assert.deepEqual(zero.dims, dims);
  assertValues(zero.data.subarray(-3), [0.0907838792, -1.36646974, -1.07820797]);
  assert.equal(sum(zero.data), -124.11269989912398);
  const answer = createGenerator(42).randn(dims);
  assertValues(answer.data.subarray(0, 4), [1.92691529, 1.48728406, 0.900717199, -2.10552096]);
  assert.equal(sum(answer.data), 149.76480043913034);
  const notebook = createGenerator(1632).randn(dims);
  assertValues(notebook.data.subarray(0, 4), [2.03168678, 1.60281992, -0.860708058, -0.11981491]);
  assertValues(notebook.data.subarray(-3), [-0.127170071, -0.0688433126, 0.55663079]);
  assert.equal(sum(notebook.data), 56.06268420603192);
});

test('only the lowest 32 bits of a seed count', () => {
  assert.deepEqual(createGenerator(2 ** 32 + 7).randn([40]), createGenerator(7).randn([40]));
});

test('one draw of a batch equals draws of its items when an item fills whole blocks', () => {
  const batch = createGenerator(5).randn([3, 4, 8, 8]).data;
  const generator = createGenerator(5);
  for (let item = 0; item < 3; item++) {
    assert.deepEqual(generator.randn([4, 8, 8]).data, batch.slice(item * 256, (item + 1) * 256));
  }
});

test('an empty draw takes nothing from the stream', () => {
  const generator = createGenerator(3);
  assert.equal(generator.randn([0, 4]).data.length, 0);
  assert.deepEqual(generator.randn([5]), createGenerator(3).randn([5]));
});

test('a restored generator goes on exactly, with the cached value of an odd small draw', () => {
  const generator = createGenerator(11);
  generator.randn([3]);
  generator.randn([700]);
  const stored = JSON.parse(JSON.stringify(generator.state()));
  const restored = restoreGenerator(stored);
  for (const dims of [[1], [16], [2], [1000]]) assert.deepEqual(restored.randn(dims), generator.randn(dims));
});

test('an exported state does not change when its generator goes on', () => {
  const generator = createGenerator(11);
  const state = generator.state();
  const first = generator.randn([1000]);
  assert.deepEqual(restoreGenerator(state).randn([1000]), first);
});

test('seeds that are negative, fractional or too large are refused by name', () => {
  for (const seed of [-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(
      () => createGenerator(seed),
      (error) =>
        error instanceof AppError && error.code === 'invalid-input' && error.message.includes(`${seed}`),
    );
  }
});

test('a damaged stored state is refused', () => {
  const state = createGenerator(1).state();
  const damaged = [
    { ...state, words: state.words.slice(1) },
    { ...state, words: state.words.map((word, i) => (i === 5 ? -1 : word)) },
    { ...state, index: 625 },
    { ...state, cachedNormal: Number.NaN },
  ];
  for (const one of damaged) {
    assert.throws(
      () => restoreGenerator(one),
      (error) => error instanceof AppError && error.code === 'invalid-input',
    );
  }
});
