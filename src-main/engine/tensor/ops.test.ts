import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { add, channels, clamp, divide, multiply, scale, subtract, weightedSum } from './ops.ts';
import { type Tensor, tensor, zeros } from './tensor.ts';

const values = fc
  .array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 20 })
  .map((list) => tensor([list.length], Float32Array.from(list)));
const pair = values.chain((a) =>
  fc.tuple(
    fc.constant(a),
    fc
      .array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
        minLength: a.data.length,
        maxLength: a.data.length,
      })
      .map((list) => tensor(a.dims, Float32Array.from(list))),
  ),
);
const { fround } = Math;

test('a weighted sum rounds every product and every partial sum to float32', () => {
  fc.assert(
    fc.property(pair, fc.double({ min: -10, max: 10, noNaN: true }), ([a, b], factor) => {
      const out = weightedSum([factor, a], [-0.3, b], [1, a]);
      a.data.forEach((x, i) => {
        const products = [fround(fround(factor) * x), fround(fround(-0.3) * b.data[i]!)] as const;
        const expected = fround(fround(products[0] + products[1]) + x);
        assert.ok(Object.is(out.data[i], expected) || out.data[i] === expected || Number.isNaN(expected));
      });
    }),
  );
});

test('operations leave their operands alone and keep the shape', () => {
  const a = tensor([1, 2, 1], Float32Array.of(1, -2));
  const b = tensor([1, 2, 1], Float32Array.of(3, 5));
  const copies = [a.data.slice(), b.data.slice()];
  const check = (out: Tensor, expected: readonly number[]): void => {
    assert.deepEqual(out.dims, [1, 2, 1]);
    assert.deepEqual([...out.data], expected);
  };
  check(add(a, b), [4, 3]);
  check(subtract(a, b), [-2, -7]);
  check(multiply(a, b), [3, -10]);
  check(scale(a, 0.5), [0.5, -1]);
  check(divide(a, 4), [0.25, -0.5]);
  check(clamp(b, -4, 4), [3, 4]);
  assert.deepEqual([a.data, b.data], copies);
});

test('a division is not a product with the reciprocal', () => {
  const x = tensor([1], Float32Array.of(fround(5)));
  assert.equal(divide(x, 49).data[0], fround(5 / 49));
});

test('shapes that differ are refused', () => {
  assert.throws(() => add(zeros([2, 3]), zeros([3, 2])), RangeError);
  assert.throws(() => channels(zeros([1, 3, 2]), 2, 4), RangeError);
});

test('channels are taken from every item of a batch', () => {
  const x = tensor(
    [2, 3, 2],
    Float32Array.from({ length: 12 }, (_, i) => i),
  );
  const out = channels(x, 1, 3);
  assert.deepEqual(out.dims, [2, 2, 2]);
  assert.deepEqual([...out.data], [2, 3, 4, 5, 8, 9, 10, 11]);
});
