import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCommand, type Command } from '../../../src-shared/model/commands.ts';
import { parseDocument } from '../../../src-shared/model/document.ts';
import type { ProjectDocument } from '../../../src-shared/model/document-types.ts';
import { easingOf } from '../../../src-shared/model/tracks.ts';
import { copiedKeys, copiedPictures, copyText, pasteCommands, withPictures } from './clipboard.ts';
import { clampMove, LAST_FRAME, moveCommands, moveLabel } from './move.ts';
import { removeCommands, rippleDeleteCommands } from './remove.ts';
import { stretchCommands, stretched } from './stretch.ts';

const film = parseDocument({
  format: 'inbetween/1',
  model: 'fluent-world',
  fps: 12,
  markers: [{ frame: 30, name: 'drop' }],
  keyframes: [
    { frame: 0, prompt: 'red cat', seed: 1 },
    { frame: 24, prompt: 'blue dog', seed: 2, easing: { prompt: 'ease-in', seed: 'hold' } },
    { frame: 48, guidanceScale: 7 },
  ],
});
const made = (commands: readonly Command[], document: ProjectDocument = film): ProjectDocument =>
  commands.reduce((before, command) => applyCommand(before, command).document, document);
const framesIn = (document: ProjectDocument) => document.keyframes.map(({ frame }) => frame);
const whole24 = [
  { frame: 24, channel: 'prompt' },
  { frame: 24, channel: 'seed' },
] as const;
const seed24 = [{ frame: 24, channel: 'seed' }] as const;

test('whole keyframes move with everything they set, single keys move alone', () => {
  assert.deepEqual(framesIn(made(moveCommands(film, whole24, 6, 'move'))), [0, 30, 48]);
  const alone = made(moveCommands(film, seed24, 6, 'move'));
  assert.deepEqual(framesIn(alone), [0, 24, 30, 48]);
  assert.equal(alone.keyframes[2]?.seed, 2);
  assert.equal(easingOf(alone.keyframes[2]!, 'seed'), 'hold');
  assert.equal(moveLabel(film, seed24, 'move'), 'Move key');
  assert.equal(moveLabel(film, whole24, 'copy'), 'Duplicate keyframe');
});

test('a copy leaves the original and takes the easing along', () => {
  const copied = made(moveCommands(film, whole24, 5, 'copy'));
  assert.deepEqual(framesIn(copied), [0, 24, 29, 48]);
  assert.equal(easingOf(copied.keyframes[2]!, 'prompt'), 'ease-in');
});

test('a selection stays on the timeline as a whole', () => {
  assert.equal(clampMove(film, whole24, -100, 'move'), -24);
  assert.equal(clampMove(film, whole24, 200_000, 'move'), LAST_FRAME - 24);
  assert.equal(clampMove(film, [], 5, 'move'), 0);
});

test('a ripple takes everything later along, markers too, and stops at the key before it', () => {
  const later = made(moveCommands(film, whole24, 6, 'ripple'));
  assert.deepEqual(framesIn(later), [0, 30, 54]);
  assert.equal(later.markers?.[0]?.frame, 36);
  assert.equal(clampMove(film, whole24, -100, 'ripple'), -23);
  assert.deepEqual(framesIn(made(moveCommands(film, whole24, -23, 'ripple'))), [0, 1, 25]);
});

test('a ripple delete closes the gap of each group of keyframes', () => {
  assert.deepEqual(framesIn(made(rippleDeleteCommands(film, [24]))), [0, 24]);
  assert.equal(made(rippleDeleteCommands(film, [24])).keyframes[1]?.guidanceScale, 7);
  // Both ends: the last has no gap behind it.
  assert.deepEqual(framesIn(made(rippleDeleteCommands(film, [0, 48]))), [0]);
});

test('deleting keys of one lane leaves the others of their keyframe', () => {
  const without = made(removeCommands(film, seed24));
  assert.deepEqual(without.keyframes[1], { frame: 24, prompt: 'blue dog', easing: { prompt: 'ease-in' } });
  assert.deepEqual(framesIn(made(removeCommands(film, whole24))), [0, 48]);
});

test('stretching keeps proportions and order, and never puts two keys on one frame', () => {
  assert.deepEqual(
    [...stretched([0, 24, 48], 0, 96)],
    [
      [0, 0],
      [24, 48],
      [48, 96],
    ],
  );
  assert.deepEqual(
    [...stretched([0, 24, 48], 48, 24)].sort((a, b) => a[0] - b[0]),
    [
      [0, 24],
      [24, 36],
      [48, 48],
    ],
  );
  // Tighter than there are keys, and beyond both ends of the timeline.
  assert.deepEqual(
    [...stretched([10, 20, 30], 10, 0)].map(([, to]) => to),
    [10, 11, 12],
  );
  assert.deepEqual(
    [...stretched([0, 24, 48], 48, -500)].map(([, to]) => to),
    [48, 24, 0],
  );
  assert.equal(stretched([0, 24, 48], 0, 1e9).get(48), LAST_FRAME);
  const keys = [
    { frame: 0, channel: 'seed' },
    { frame: 24, channel: 'seed' },
  ] as const;
  const slower = made(stretchCommands(keys, 0, 36));
  assert.deepEqual(
    slower.keyframes.filter(({ seed }) => seed !== undefined).map(({ frame }) => frame),
    [0, 36],
  );
});

test('copied keys are text, and paste at the playhead with their curves', () => {
  const text = copyText(film, whole24);
  const copied = copiedKeys(text);
  assert.ok(copied !== undefined);
  const { commands, keys } = pasteCommands(copied, 60, 12);
  const pasted = made(commands).keyframes.at(-1);
  assert.deepEqual([pasted?.frame, pasted?.prompt, pasted?.seed], [60, 'blue dog', 2]);
  assert.equal(easingOf(pasted!, 'seed'), 'hold');
  assert.deepEqual(
    keys.map(({ channel }) => channel),
    ['prompt', 'seed'],
  );
});

test('keys pasted into a project of another rate keep their seconds', () => {
  const both = [
    { frame: 0, channel: 'seed' },
    { frame: 24, channel: 'seed' },
  ] as const;
  const { keys } = pasteCommands(copiedKeys(copyText(film, both))!, 10, 24);
  assert.deepEqual(
    keys.map(({ frame }) => frame),
    [10, 58],
  );
});

test('copied keys name their pictures, which may be called otherwise where they are pasted', () => {
  const pictures = applyCommand(film, {
    type: 'putKeys',
    keys: [
      { frame: 0, channel: 'initImage', value: 'sky.png' },
      {
        frame: 24,
        channel: 'images',
        value: [
          { asset: 'sun.png', weight: 1 },
          { text: 'warm', weight: 1 },
        ],
      },
    ],
  }).document;
  const refs = [
    { frame: 0, channel: 'initImage' },
    { frame: 24, channel: 'images' },
  ] as const;
  const copied = copiedKeys(copyText(pictures, refs, '/films/a.inbetween'))!;
  assert.equal(copied.from, '/films/a.inbetween');
  assert.deepEqual(copiedPictures(copied), ['sky.png', 'sun.png']);
  const sha = 'ab'.repeat(32);
  assert.deepEqual(copiedPictures(withPictures(copied, { 'sun.png': sha })), ['sky.png', sha]);
});

test('other text on the clipboard is none of ours', () => {
  assert.equal(copiedKeys('red cat, 4k photo'), undefined);
  assert.equal(copiedKeys('{"format":"inbetween-keys/1","fps":12,"keys":[{"frame":-1}]}'), undefined);
  assert.equal(copiedKeys('inbetween-keys/1 {'), undefined);
});
