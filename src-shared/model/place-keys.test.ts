import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CHANNEL_NAMES, type ChannelName } from './channels.ts';
import { applyCommand, type Command } from './commands.ts';
import { applyDiff, diffDocuments, reverseDiff } from './diff.ts';
import { parseDocument } from './document.ts';
import type { ProjectDocument } from './document-types.ts';

const start = parseDocument({
  format: 'inbetween/1',
  model: 'm',
  keyframes: [
    { frame: 0, prompt: 'a', seed: 1, guidanceScale: 3 },
    { frame: 10, prompt: 'b', seed: 2, easing: 'ease-in' },
    { frame: 20, guidanceScale: 7 },
  ],
});

const place = (moves: Extract<Command, { type: 'placeKeys' }>['moves'], copy = false) =>
  applyCommand(start, { type: 'placeKeys', moves, copy });

const keysOf = (document: ProjectDocument) =>
  document.keyframes.flatMap((keyframe) =>
    CHANNEL_NAMES.filter((channel) => keyframe[channel] !== undefined).map((channel) => ({
      frame: keyframe.frame,
      channel,
    })),
  );

test('a channel leaves its keyframe alone, and a keyframe without channels goes', () => {
  const { document } = place([{ frame: 20, channel: 'guidanceScale', to: 5 }]);
  assert.deepEqual(
    document.keyframes.map(({ frame, guidanceScale }) => [frame, guidanceScale]),
    [
      [0, 3],
      [5, 7],
      [10, undefined],
    ],
  );
});

test('a copy leaves the key where it is and takes its easing along', () => {
  const { document, label } = place([{ frame: 10, channel: 'prompt', to: 15 }], true);
  assert.equal(label, 'Duplicate key');
  assert.deepEqual(
    document.keyframes.map(({ frame, prompt }) => [frame, prompt]),
    [
      [0, 'a'],
      [10, 'b'],
      [15, 'b'],
      [20, undefined],
    ],
  );
  assert.deepEqual(document.keyframes[2]?.easing, { prompt: 'ease-in' });
});

test('a key at the new place gives way', () => {
  const { document } = place([{ frame: 0, channel: 'seed', to: 10 }]);
  assert.equal(document.keyframes[1]?.seed, 1);
  assert.equal(document.keyframes[0]?.seed, undefined);
});

test('two keys for one place, and keys that are not there, are refused', () => {
  assert.throws(
    () =>
      place([
        { frame: 0, channel: 'seed', to: 5 },
        { frame: 10, channel: 'seed', to: 5 },
      ]),
    /Two moves put seed at frame 5/,
  );
  assert.throws(() => place([{ frame: 20, channel: 'seed', to: 5 }]), /no seed key at frame 20/);
});

test('moving keys to free places keeps their number, and undo gives the document back', () => {
  const all = keysOf(start);
  fc.assert(
    fc.property(
      fc.subarray(all, { minLength: 1 }),
      fc.integer({ min: 1, max: 500 }),
      (chosen: { frame: number; channel: ChannelName }[], by) => {
        const moves = chosen.map(({ frame, channel }) => ({ frame, channel, to: frame + 100 + by }));
        const { document } = place(moves);
        assert.equal(keysOf(document).length, all.length);
        assert.deepEqual(applyDiff(document, reverseDiff(diffDocuments(start, document))), start);
      },
    ),
  );
});
