import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENGINE_BACK_OFF, waitAfter } from './back-off.ts';

test('waits double from 250 ms and end after five failures in a row', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6].map((failures) => waitAfter(failures, ENGINE_BACK_OFF)),
    [250, 500, 1000, 2000, undefined, undefined],
  );
});

test('a wait is never longer than the longest', () => {
  assert.equal(waitAfter(20, { firstMs: 250, lastMs: 10_000, attempts: 100 }), 10_000);
});
