import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCommand } from '../../src-shared/model/commands.ts';
import { parseDocument } from '../../src-shared/model/document.ts';
import { clampShift, dragCommands, dragKeyCommands, dragLabel } from './drag.ts';

const document = parseDocument({
  format: 'inbetween/1',
  model: 'fluent-world',
  keyframes: [
    { frame: 0, prompt: 'red cat', seed: 1 },
    { frame: 24, prompt: 'blue dog', easing: 'ease-in' },
    { frame: 48, guidanceScale: 7 },
  ],
});

test('a selection stays on the timeline as a whole', () => {
  assert.equal(clampShift([3, 24], -10, 100), -3);
  assert.equal(clampShift([3, 24], 90, 100), 76);
  assert.equal(clampShift([], 5, 100), 0);
});

test('dragging moves keyframes with all their channels', () => {
  const [command] = dragCommands(document, [24], 6, false);
  const moved = applyCommand(document, command!).document;
  assert.deepEqual(
    moved.keyframes.map(({ frame }) => frame),
    [0, 30, 48],
  );
  assert.equal(moved.keyframes[1]?.prompt, 'blue dog');
});

test('dragging a copy leaves the original and takes the easing along', () => {
  let copied = document;
  for (const command of dragCommands(document, [0, 24], 5, true)) {
    copied = applyCommand(copied, command).document;
  }
  assert.deepEqual(
    copied.keyframes.map(({ frame, prompt, easing }) => [frame, prompt, easing]),
    [
      [0, 'red cat', undefined],
      [5, 'red cat', undefined],
      [24, 'blue dog', 'ease-in'],
      [29, 'blue dog', 'ease-in'],
      [48, undefined, undefined],
    ],
  );
});

test('a drag that ends where it began changes nothing', () => {
  assert.deepEqual(dragCommands(document, [24], 0, false), []);
});

test('the undo menu says what was dragged', () => {
  assert.equal(dragLabel(1, false), 'Move keyframe');
  assert.equal(dragLabel(3, true), 'Duplicate 3 keyframes');
});

test('dragging the key of one channel leaves the rest of its keyframe', () => {
  const [command] = dragKeyCommands(0, 'seed', 7, false);
  const moved = applyCommand(document, command!).document;
  assert.deepEqual(
    moved.keyframes.map(({ frame, prompt, seed }) => [frame, prompt, seed]),
    [
      [0, 'red cat', undefined],
      [7, undefined, 1],
      [24, 'blue dog', undefined],
      [48, undefined, undefined],
    ],
  );
  assert.deepEqual(dragKeyCommands(0, 'seed', 0, true), []);
});
