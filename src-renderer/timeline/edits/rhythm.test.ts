import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beatFrames, frameOfBeat } from '../../../src-shared/model/beats.ts';
import { applyCommand, type Command } from '../../../src-shared/model/commands.ts';
import { parseDocument } from '../../../src-shared/model/document.ts';
import type { ProjectDocument } from '../../../src-shared/model/document-types.ts';
import { snapped } from '../geometry.ts';
import { nearestBeat, snapTargets } from '../snapping.ts';
import { freshName, markerBeside, setMarkers } from './markers.ts';
import { audible, beatsOf, keysAt, markersAt, onsetFrames } from './rhythm.ts';
import { tappedTempo } from './tapped-tempo.ts';

const film = parseDocument({
  format: 'inbetween/1',
  model: 'fluent-world',
  fps: 12,
  length: 49,
  beats: { bpm: 120, offset: 0.25 },
  markers: [{ frame: 20, name: 'chorus' }],
  keyframes: [{ frame: 0, prompt: 'red cat', seed: 7 }],
});
const made = (commands: readonly Command[], document: ProjectDocument = film): ProjectDocument =>
  commands.reduce((before, command) => applyCommand(before, command).document, document);

test('beats fall on frames that do not drift', () => {
  assert.deepEqual(beatFrames(film.beats!, 12, 0, 24), [3, 9, 15, 21]);
  assert.equal(frameOfBeat({ bpm: 130, offset: 0 }, 24, 1300), 14_400);
});

test('another frame rate keeps beats, markers and keys at their second', () => {
  const faster = made([{ type: 'retime', fps: 24 }]);
  assert.deepEqual(beatFrames(faster.beats!, 24, 0, 48), [6, 18, 30, 42]);
  assert.equal(faster.markers?.[0]?.frame, 40);
});

test('drags snap to markers and to the beat nearby', () => {
  const view = { left: 0, scale: 10, width: 500 };
  assert.ok(snapTargets(film, 49).includes(20));
  assert.ok(!snapTargets(film, 49, { without: new Set([20]) }).includes(20));
  assert.deepEqual(nearestBeat(film, 10.4), [9]);
  assert.equal(snapped(view, 9.4, nearestBeat(film, 9.4)), 9);
});

test('the sensitivity lets the strong onsets through first', () => {
  const onsets = [0.04, 0.3, 1].map((strength, time) => ({ time, strength }));
  assert.deepEqual(
    audible(onsets, 0).map(({ strength }) => strength),
    [1],
  );
  assert.equal(audible(onsets, 0.5).length, 2);
  assert.equal(audible(onsets, 1).length, 3);
});

test('onsets of the sound fall on frames of the film, by its offset, and not outside of it', () => {
  const onsets = [0.1, 0.5, 0.52, 1, 30].map((time) => ({ time, strength: 1 }));
  assert.deepEqual(onsetFrames(onsets, { offset: 0.25 }, 12, 49), [3, 9]);
  assert.deepEqual(beatsOf({ bpm: 120, offset: 0.1 }, { offset: 0.25 }), { bpm: 120, offset: 0.35 });
});

test('markers at onsets replace those of before and leave the named ones', () => {
  const once = made(markersAt(film, [3, 9], 'Onset'));
  const twice = made(markersAt(once, [5], 'Onset'), once);
  assert.deepEqual(twice.markers, [
    { frame: 5, name: 'Onset 1' },
    { frame: 20, name: 'chorus' },
  ]);
});

test('seed keys at onsets count on and leave keys that are there', () => {
  const keyed = made(keysAt(film, 'seed', [0, 3, 9], 0));
  assert.deepEqual(
    keyed.keyframes.map(({ frame, seed }) => [frame, seed]),
    [
      [0, 7],
      [3, 8],
      [9, 9],
    ],
  );
  assert.deepEqual(keysAt(film, 'seed', [0], 0), []);
});

test('markers have fresh names, an order, and neighbours', () => {
  assert.equal(freshName([{ frame: 0, name: 'Marker 1' }]), 'Marker 2');
  const both = made(
    setMarkers([
      { frame: 30, name: 'b' },
      { frame: 10, name: 'a' },
    ]),
  );
  assert.deepEqual(
    both.markers?.map(({ name }) => name),
    ['a', 'b'],
  );
  assert.equal(markerBeside(both, 10, 1), 30);
  assert.equal(markerBeside(both, 10, -1), undefined);
  assert.equal(made(setMarkers([]), both).markers, undefined);
});

test('taps give a tempo, an uneven one in between is forgiven', () => {
  assert.equal(tappedTempo([0, 500, 1000, 1500]), 120);
  assert.ok(Math.abs(tappedTempo([0, 510, 985, 1500, 2000])! - 120) < 1);
  assert.equal(tappedTempo([0]), undefined);
});
