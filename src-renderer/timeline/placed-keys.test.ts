import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCommand } from '../../src-shared/model/commands.ts';
import { walk } from '../../test/support/documents.ts';
import { placedKeys } from './placed-keys.ts';

test('moving a key of a lane leaves the others as they are, but for the one before it', () => {
  const document = walk(5);
  const none = () => false;
  const before = placedKeys(document.keyframes, 'prompt', none, []);
  const moved = applyCommand(document, { type: 'moveKeyframes', frames: [20], by: 3 }).document;
  const after = placedKeys(moved.keyframes, 'prompt', none, before);
  assert.deepEqual(
    after.map((key, at) => key === before[at]),
    [true, false, false, true, true],
  );
  assert.deepEqual(
    after.map(({ span }) => span),
    [10, 13, 7, 10, Number.POSITIVE_INFINITY],
  );
});

test('selecting a key changes that key alone', () => {
  const { keyframes } = walk(3);
  const before = placedKeys(keyframes, 'prompt', () => false, []);
  const after = placedKeys(keyframes, 'prompt', (frame) => frame === 10, before);
  assert.deepEqual(
    after.map((key, at) => [key === before[at], key.isSelected]),
    [
      [true, false],
      [false, true],
      [true, false],
    ],
  );
});
