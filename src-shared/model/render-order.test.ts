import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { renderOrder } from './render-order.ts';

test('the playhead comes first, then the keyframes and the ends, then the middles of the gaps', () => {
  const order = [...renderOrder(25, { keyframes: [0, 8, 24], playhead: 5 })];
  assert.deepEqual(order.slice(0, 5), [5, 0, 8, 24, 16]);
  assert.deepEqual(order.slice(5, 8), [4, 12, 20]);
});

test('every frame of the range comes exactly once', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.array(fc.integer({ min: -5, max: 320 }), { maxLength: 12 }),
      fc.option(fc.integer({ min: -5, max: 320 }), { nil: undefined }),
      fc.option(fc.tuple(fc.nat(320), fc.nat(320)), { nil: undefined }),
      (length, keyframes, playhead, range) => {
        const [from, to] = range ?? [0, length - 1];
        const order = [
          ...renderOrder(length, {
            keyframes,
            ...(playhead === undefined ? {} : { playhead }),
            ...(range === undefined ? {} : { range: { from, to } }),
          }),
        ];
        const expected = Array.from({ length }, (_, frame) => frame).filter(
          (frame) => frame >= from && frame <= to,
        );
        assert.deepEqual(
          [...order].sort((a, b) => a - b),
          expected,
        );
        if (playhead !== undefined && expected.includes(playhead)) assert.equal(order[0], playhead);
      },
    ),
  );
});

test('any part of the order is spread evenly: no gap is more than twice as long as it has to be', () => {
  const order = [...renderOrder(1025, { keyframes: [0, 1024] })];
  for (const count of [3, 10, 100, 500]) {
    const frames = order.slice(0, count).sort((a, b) => a - b);
    const longest = Math.max(...frames.slice(1).map((frame, at) => frame - frames[at]!));
    assert.ok(longest <= Math.ceil((2 * 1024) / (count - 1)), `${count} frames: ${longest}`);
  }
});
