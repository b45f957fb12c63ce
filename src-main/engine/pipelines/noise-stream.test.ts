import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Noise } from '../../../src-shared/model/frame-spec.ts';
import { createGenerator } from '../random/torch-generator.ts';
import { openNoise } from './noise-stream.ts';

const DIMS = [1, 4, 8, 8];
const seed = (value: number): Noise => ({ kind: 'seed', seed: value });

test('a seed is drawn on as its generator is', () => {
  const stream = openNoise(seed(7));
  const generator = createGenerator(7);
  assert.deepEqual(stream.next(DIMS), generator.randn(DIMS));
  assert.deepEqual(stream.first(DIMS), generator.randn(DIMS));
  assert.deepEqual(stream.next(DIMS), generator.randn(DIMS));
});

test('the ends of a blend are the plain seeds at every draw', () => {
  for (const [t, plain] of [
    [0, 7],
    [1, 8],
  ] as const) {
    const blend = openNoise({ kind: 'blend', method: 'slerp', from: seed(7), to: seed(8), t });
    const generator = createGenerator(plain);
    for (let i = 0; i < 3; i++) {
      const draw = i === 0 ? blend.first(DIMS) : blend.next(DIMS);
      assert.deepEqual(draw, generator.randn(DIMS));
    }
  }
});

test('blended noise keeps its variance at every draw', () => {
  const stream = openNoise({ kind: 'blend', method: 'slerp', from: seed(7), to: seed(8), t: 0.5 });
  const dims = [1, 4, 64, 64];
  for (const draw of [stream.first(dims), stream.next(dims), stream.next(dims)]) {
    const squares = draw.data.reduce((sum, value) => sum + value * value, 0);
    assert.ok(Math.abs(squares / draw.data.length - 1) < 0.03);
  }
});

test('the noise between a seed and itself is that seed', () => {
  const stream = openNoise({ kind: 'blend', method: 'lerp', from: seed(7), to: seed(7), t: 0.3 });
  const plain = createGenerator(7).randn(DIMS);
  const { data } = stream.first(DIMS);
  for (let i = 0; i < data.length; i++) assert.ok(Math.abs(data[i]! - plain.data[i]!) < 1e-6);
});

test('an orbit turns between the halves of one double draw and leaves later draws alone', () => {
  const both = createGenerator(7);
  const double = both.randn([2, 4, 8, 8]);
  const later = both.randn(DIMS);
  for (const [turns, half, sign] of [
    [0, 0, 1],
    [0.25, 1, 1],
    [0.5, 0, -1],
    [1, 0, 1],
  ] as const) {
    const stream = openNoise({ kind: 'orbit', of: seed(7), turns });
    const { data } = stream.first(DIMS);
    for (let i = 0; i < data.length; i++) {
      assert.ok(Math.abs(data[i]! - sign * double.data[half * 256 + i]!) < 1e-6, `${turns}: value ${i}`);
    }
    assert.deepEqual(stream.next(DIMS), later);
  }
});

test('a negative seed is refused', () => {
  assert.throws(() => openNoise(seed(-1)), /Seed -1/);
});
