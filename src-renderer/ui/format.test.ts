import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, counted, duration, timecode } from './format.ts';

test('a position is shown as minutes, seconds and frames', () => {
  assert.equal(timecode(0, 12), '00:00.00');
  assert.equal(timecode(39, 12), '00:03.03');
  assert.equal(timecode(12 * 61, 12), '01:01.00');
  assert.equal(timecode(100, 23.976), '00:04.04');
});

test('a duration is rounded to what people say', () => {
  assert.equal(duration(200), '1 s');
  assert.equal(duration(45_300), '45 s');
  assert.equal(duration(4 * 60_000), '4 min');
  assert.equal(duration(72 * 60_000), '72 min');
  assert.equal(duration(132 * 60_000), '2 h 12 min');
});

test('sizes are in decimal units with three digits', () => {
  assert.equal(bytes(999), '999 B');
  assert.equal(bytes(1400), '1.4 kB');
  assert.equal(bytes(999_600), '1 MB');
  assert.equal(bytes(54_321_000), '54.3 MB');
});

test('nouns follow their number', () => {
  assert.equal(counted(1, 'frame'), '1 frame');
  assert.equal(counted(12_000, 'frame'), '12,000 frames');
});
