import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusSlices } from './status-slices.ts';

test('the frames of a timeline are asked for in slices, those around the playhead first', () => {
  assert.deepEqual(statusSlices(10, 5, 4), [
    { from: 4, to: 7 },
    { from: 0, to: 3 },
    { from: 8, to: 9 },
  ]);
  assert.deepEqual(statusSlices(3, 99, 4), [{ from: 0, to: 2 }]);
  assert.deepEqual(statusSlices(0, 0, 4), []);
});
