import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCommand, type Command, parseCommand } from './commands.ts';
import { parseDocument } from './document.ts';
import type { ProjectDocument } from './document-types.ts';
import { documentOf, walk } from '../../test/support/documents.ts';

const run = (document: ProjectDocument, command: Command) => applyCommand(document, command).document;
const frames = (document: ProjectDocument) => document.keyframes.map(({ frame }) => frame);

test('addKeyframe sets channels on a new keyframe or on the one that is there', () => {
  const document = run(walk(2), { type: 'addKeyframe', frame: 5, channels: { guidanceScale: 7 } });
  assert.deepEqual(document.keyframes[1], { frame: 5, guidanceScale: 7 });
  const both = run(document, { type: 'addKeyframe', frame: 5, channels: { seed: 3 }, easing: 'hold' });
  assert.deepEqual(both.keyframes[1], { frame: 5, guidanceScale: 7, seed: 3, easing: 'hold' });
});

test('moveKeyframes moves a selection together, stops at frame 0, and joins what it lands on', () => {
  assert.deepEqual(frames(run(walk(3), { type: 'moveKeyframes', frames: [10, 20], by: 3 })), [0, 13, 23]);
  assert.deepEqual(frames(run(walk(3), { type: 'moveKeyframes', frames: [10, 20], by: -99 })), [0, 10]);
  const document = documentOf({
    keyframes: [
      { frame: 0, prompt: 'a', seed: 1 },
      { frame: 4, prompt: 'b', steps: 9 },
    ],
  });
  assert.deepEqual(run(document, { type: 'moveKeyframes', frames: [4], by: -4 }).keyframes, [
    { frame: 0, prompt: 'b', seed: 1, steps: 9 },
  ]);
});

test('a value that is not accepted is refused with its path, and a missing keyframe is named', () => {
  assert.throws(
    () => run(walk(2), { type: 'setChannel', frame: 10, channel: 'seed', value: 'x' }),
    /keyframes\[1\]\.seed is "x"/,
  );
  assert.throws(
    () => run(walk(2), { type: 'removeKeyframes', frames: [3] }),
    /no keyframe at frame 3; there are keyframes at 0, 10/,
  );
  assert.throws(() => run(walk(1), { type: 'removeKeyframes', frames: [0] }), /sets no prompt/);
  assert.throws(() => run(walk(2), { type: 'rippleInsert', at: 0, frames: 99_999 }), /to 99,999/);
});

test('clearChannel takes a channel off, and the keyframe with its last one', () => {
  const document = documentOf({
    keyframes: [
      { frame: 0, prompt: 'a' },
      { frame: 4, prompt: 'b', seed: 2, easing: 'hold' },
    ],
  });
  const once = run(document, { type: 'clearChannel', frame: 4, channel: 'prompt' });
  assert.deepEqual(once.keyframes[1], { frame: 4, seed: 2, easing: 'hold' });
  assert.deepEqual(frames(run(once, { type: 'clearChannel', frame: 4, channel: 'seed' })), [0]);
});

test('setEasing sets one curve for all channels or for one of them', () => {
  const document = documentOf({ keyframes: [{ frame: 0, prompt: 'a', seed: 1 }] });
  const all = run(document, { type: 'setEasing', frame: 0, easing: 'ease-in' });
  assert.equal(all.keyframes[0]!.easing, 'ease-in');
  const one = run(all, { type: 'setEasing', frame: 0, easing: 'hold', channel: 'seed' });
  assert.deepEqual(one.keyframes[0]!.easing, { prompt: 'ease-in', seed: 'hold' });
  assert.equal(run(one, { type: 'setEasing', frame: 0, easing: null }).keyframes[0]!.easing, undefined);
});

test('setSettings sets and removes; setGrid too', () => {
  const document = run(walk(2), {
    type: 'setSettings',
    settings: { name: 'N', length: 40, sampler: { steps: 4 } },
  });
  assert.deepEqual([document.name, document.length, document.sampler], ['N', 40, { steps: 4 }]);
  const back = run(document, {
    type: 'setSettings',
    settings: { length: null, sampler: null, name: 'Untitled' },
  });
  assert.deepEqual(back, walk(2));
  const grid = {
    rows: 2,
    cols: 2,
    corners: [{ prompt: 'a' }, {}, {}, {}] as [object, object, object, object],
  };
  const sheet = run(walk(2), { type: 'setGrid', grid });
  assert.deepEqual(sheet.grid, grid);
  assert.deepEqual(run(sheet, { type: 'setGrid', grid: null }), walk(2));
});

test('ripples move what comes later, and the length', () => {
  const document = { ...walk(3), length: 30 };
  const longer = run(document, { type: 'rippleInsert', at: 10, frames: 5 });
  assert.deepEqual([frames(longer), longer.length], [[0, 15, 25], 35]);
  assert.deepEqual(run(longer, { type: 'rippleDelete', at: 10, frames: 5 }), document);
  const cut = run(document, { type: 'rippleDelete', at: 10, frames: 5 });
  assert.deepEqual([frames(cut), cut.length], [[0, 15], 25]);
});

test('commands from outside are checked', () => {
  assert.deepEqual(parseCommand({ type: 'retime', fps: 24 }), { type: 'retime', fps: 24 });
  assert.throws(
    () => parseCommand({ type: 'retime', fps: 0 }),
    /fps is 0; accepted is a number from 1 to 120/,
  );
  assert.throws(() => parseCommand({ type: 'explode' }), /type is "explode"/);
  assert.throws(() => parseCommand({ type: 'retime', fps: 24, x: 1 }), /unknown key "x"/);
});

test('a command leaves the given document as it was', () => {
  const document = walk(3);
  const copy = structuredClone(document);
  run(document, { type: 'moveKeyframes', frames: [0, 10], by: 1 });
  assert.deepEqual(document, copy);
});

test('placeKeys swaps two keys without a collision, and ripples take markers and the range along', () => {
  const start = parseDocument({
    format: 'inbetween/1',
    model: 'm',
    markers: [{ frame: 8, name: 'drop' }],
    range: { from: 2, to: 8 },
    keyframes: [
      { frame: 0, prompt: 'a', seed: 1, easing: 'ease-in' },
      { frame: 4, prompt: 'b' },
    ],
  });
  const swapped = applyCommand(start, {
    type: 'placeKeys',
    moves: [
      { frame: 0, channel: 'prompt', to: 4 },
      { frame: 4, channel: 'prompt', to: 0 },
    ],
  });
  assert.equal(swapped.label, 'Move 2 keys');
  assert.deepEqual(
    swapped.document.keyframes.map(({ frame, prompt }) => [frame, prompt]),
    [
      [0, 'b'],
      [4, 'a'],
    ],
  );
  assert.deepEqual(swapped.document.keyframes[1]!.easing, { prompt: 'ease-in' });
  const cut = applyCommand(start, { type: 'rippleDelete', at: 6, frames: 2 }).document;
  assert.deepEqual([cut.markers, cut.range], [[{ frame: 6, name: 'drop' }], { from: 2, to: 6 }]);
});

test('a command keeps the objects of the keyframes that it leaves alone, and refuses a wrong value at its place', () => {
  const start = walk(3);
  const moved = applyCommand(start, { type: 'moveKeyframes', frames: [10], by: 2 }).document;
  assert.equal(moved.keyframes[0], start.keyframes[0]);
  assert.equal(moved.keyframes[2], start.keyframes[2]);
  assert.throws(
    () => applyCommand(moved, { type: 'setChannel', frame: 20, channel: 'seed', value: -1 }),
    /keyframes\[2\]\.seed/,
  );
});
