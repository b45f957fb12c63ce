import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  fit,
  frameAt,
  panBy,
  SCALE,
  snapped,
  tickStep,
  type View,
  visible,
  xOf,
  zoomAt,
} from './geometry.ts';

const views = fc.record({
  left: fc.double({ min: 0, max: 90_000, noNaN: true }),
  scale: fc.double({ min: SCALE.min, max: SCALE.max, noNaN: true }),
  width: fc.integer({ min: 100, max: 4000 }),
});

test('a pixel and its frame find each other', () => {
  fc.assert(
    fc.property(views, fc.double({ min: 0, max: 4000, noNaN: true }), (view, x) => {
      assert.ok(Math.abs(xOf(view, frameAt(view, x)) - x) < 1e-3);
    }),
  );
});

test('zooming keeps the frame under the cursor where it is, as far as frame 0 lets it', () => {
  fc.assert(
    fc.property(
      views,
      fc.integer({ min: 0, max: 4000 }),
      fc.double({ min: 0.2, max: 5, noNaN: true }),
      (view, x, factor) => {
        const zoomed = zoomAt(view, x, factor);
        if (zoomed.left === 0) return;
        assert.ok(Math.abs(xOf(zoomed, frameAt(view, x)) - x) < 1e-2);
      },
    ),
  );
});

test('fitting shows every frame', () => {
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 4000 }), fc.integer({ min: 1, max: 30_000 }), (width, count) => {
      const view = fit(width, count);
      assert.deepEqual(visible(view, count), { from: 0, to: count - 1 });
    }),
  );
});

test('panning stops at the first frame and before the last one is lost', () => {
  const view: View = { left: 5, scale: 10, width: 500 };
  assert.equal(panBy(view, -1000, 100).left, 0);
  assert.equal(panBy(view, 1e6, 100).left, 75);
});

test('labelled ticks keep their distance', () => {
  fc.assert(
    fc.property(views, fc.constantFrom('frames' as const, 'seconds' as const), (view, unit) => {
      const step = tickStep(view, 12, unit);
      assert.ok(step * view.scale >= 56 || step >= 43_200);
    }),
  );
});

test('a frame near a target snaps to it, others are rounded', () => {
  const view: View = { left: 0, scale: 4, width: 800 };
  assert.equal(snapped(view, 23.1, [24, 60]), 24);
  assert.equal(snapped(view, 40.4, [24, 60]), 40);
  assert.equal(snapped(view, 24.4, [24, 25]), 24);
});
