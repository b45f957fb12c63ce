import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { easingArbitrary } from '../../test/support/documents.ts';
import { ease } from './easing.ts';

const share = fc.double({ min: 0, max: 1, noNaN: true });
/** The shares that frames of the longest timeline can have. */
const frameShare = fc
  .tuple(fc.nat(100_000), fc.integer({ min: 1, max: 100_000 }))
  .map(([a, b]) => Math.min(a, b) / b);

test('every curve runs from exactly 0 to exactly 1', () => {
  fc.assert(
    fc.property(easingArbitrary, (easing) => {
      assert.equal(ease(easing, 0), 0);
      assert.equal(ease(easing, 1), 1);
    }),
  );
});

test('hold stays at 0 until the end, linear is t itself', () => {
  assert.equal(ease('hold', 0.999999), 0);
  fc.assert(fc.property(share, (t) => assert.equal(ease('linear', t), t)));
});

test('a Bezier is solved accurately: the point at parameter s is found again from its x', () => {
  fc.assert(
    fc.property(share, share, share, share, share, (x1, y1, x2, y2, s) => {
      const at = (a: number, b: number) => 3 * (1 - s) ** 2 * s * a + 3 * (1 - s) * s * s * b + s ** 3;
      const x = at(x1, x2);
      // Where the curve is nearly vertical, y is as uncertain as x's rounding makes it.
      const slope = 3 * (1 - s) ** 2 * x1 + 6 * (1 - s) * s * (x2 - x1) + 3 * s * s * (1 - x2);
      fc.pre(slope > 1e-3);
      assert.ok(Math.abs(ease([x1, y1, x2, y2], x) - at(y1, y2)) < 1e-9);
    }),
    { numRuns: 500 },
  );
});

test('the named curves are monotone, and ease-in-out is its own mirror', () => {
  fc.assert(
    fc.property(
      frameShare,
      frameShare,
      fc.constantFrom('ease-in' as const, 'ease-out' as const, 'ease-in-out' as const),
      (a, b, name) => {
        assert.ok(ease(name, Math.min(a, b)) <= ease(name, Math.max(a, b)));
        assert.ok(Math.abs(ease('ease-in-out', a) + ease('ease-in-out', 1 - a) - 1) < 1e-9);
        assert.ok(Math.abs(ease('ease-in', a) + ease('ease-out', 1 - a) - 1) < 1e-9);
      },
    ),
  );
});

test('known values of the CSS curves', () => {
  assert.equal(ease('ease-in-out', 0.5), 0.5);
  assert.ok(Math.abs(ease([0.25, 0.1, 0.25, 1], 0.5) - 0.8024) < 1e-4);
  assert.ok(ease([0.3, -0.5, 0.7, 1], 0.2) < 0, 'an overshoot is kept');
});
