import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromFloat16Bits, packFloat16, toFloat16Bits, unpackFloat16 } from './float16.ts';

test('rounds to binary16 as numpy 2.4 casts', () => {
  const golden: [number, number][] = [
    [0, 0],
    [-0, 32768],
    [1, 15360],
    [-2, 49152],
    [65504, 31743],
    [65519.9, 31743],
    [65520, 31744],
    [1e-8, 0],
    [5.960464477539063e-8, 1],
    [2.9802322387695312e-8, 0],
    [8.940696716308594e-8, 2],
    [6.1e-5, 1023],
    [0.1, 11878],
    [3.14159, 16968],
    [1 / 3, 13653],
    [2049, 26624],
    [2051, 26626],
    [Number.POSITIVE_INFINITY, 31744],
    [Number.NEGATIVE_INFINITY, 64512],
  ];
  for (const [value, bits] of golden) assert.equal(toFloat16Bits(value), bits, String(value));
  assert.ok(Number.isNaN(fromFloat16Bits(toFloat16Bits(Number.NaN))));
});

test('every finite binary16 pattern survives the way to float32 and back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 65535 }), (bits) => {
      fc.pre((bits & 0x7c00) !== 0x7c00);
      assert.deepEqual(packFloat16(unpackFloat16(Uint16Array.of(bits))), Uint16Array.of(bits));
    }),
  );
});
