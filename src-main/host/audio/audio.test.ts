import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyseSound } from './analyse.ts';
import { ANALYSIS_RATE } from './onset-strength.ts';
import { soundType } from './sound-kind.ts';

/** Clicks of 5 ms at the given seconds, over a soft hum. */
async function* clicks(times: readonly number[], seconds: number): AsyncGenerator<Float32Array> {
  const samples = Float32Array.from(
    { length: Math.round(seconds * ANALYSIS_RATE) },
    (_, i) => 0.02 * Math.sin((2 * Math.PI * 110 * i) / ANALYSIS_RATE),
  );
  for (const [number, time] of times.entries()) {
    const loud = number % 4 === 0 ? 0.9 : 0.5;
    const start = Math.round(time * ANALYSIS_RATE);
    for (let i = 0; i < ANALYSIS_RATE * 0.005 && start + i < samples.length; i++) {
      samples[start + i]! += loud * Math.exp(-i / 40) * Math.sin((2 * Math.PI * 1800 * i) / ANALYSIS_RATE);
    }
  }
  // Pieces as they come from a pipe.
  for (let at = 0; at < samples.length; at += 5000) yield samples.subarray(at, at + 5000);
}

test('every click of a click track is an onset, within 5 ms, and nothing else is a strong one', async () => {
  const times = Array.from({ length: 24 }, (_, i) => 0.25 + i * 0.5);
  const { onsets } = await analyseSound(clicks(times, 13), 'clicks');
  // The hum itself begins at 0.
  const strong = onsets.filter(({ time, strength }) => strength > 0.3 && time > 0.1);
  assert.equal(strong.length, times.length);
  for (const [i, time] of times.entries()) {
    assert.ok(Math.abs(strong[i]!.time - time) < 0.005, `click ${i}: ${strong[i]!.time} for ${time}`);
  }
});

for (const [bpm, offset] of [
  [120, 0.25],
  [93.5, 0.1],
  [140, 0],
] as const) {
  test(`the tempo of clicks at ${bpm} bpm is found to 0.1 bpm, the first beat to 10 ms`, async () => {
    const period = 60 / bpm;
    const times = Array.from({ length: Math.floor(20 / period) }, (_, i) => offset + i * period);
    const { tempo } = await analyseSound(clicks(times, 21), 'clicks');
    assert.ok(tempo !== undefined);
    assert.ok(Math.abs(tempo.bpm - bpm) < 0.1, `${tempo.bpm} bpm`);
    assert.ok(Math.abs(tempo.offset - offset) < 0.01, `${tempo.offset} s`);
    assert.ok(tempo.confidence > 0.8);
  });
}

test('silence and a steady tone have no beat', async () => {
  const quiet = await analyseSound(clicks([], 8), 'hum');
  assert.equal(quiet.tempo, undefined);
  assert.ok(Math.abs(quiet.duration - 8) < 1e-6);
});

test('peaks show where a sound is loud', async () => {
  const { peaks, peaksPerSecond } = await analyseSound(clicks([1], 2), 'one click');
  const loudest = peaks.indexOf(Math.max(...peaks)) / peaksPerSecond;
  assert.ok(Math.abs(loudest - 1) < 0.02);
});

test('sounds are known by their content', () => {
  assert.equal(soundType(Buffer.from('RIFF....WAVEfmt ')), 'audio/wav');
  assert.equal(soundType(Buffer.from([0xff, 0xfb, 0x90, 0x00])), 'audio/mpeg');
  assert.equal(soundType(Buffer.from('RIFF....WEBPVP8 ')), undefined);
  assert.equal(soundType(Buffer.from([0x89, 0x50, 0x4e, 0x47])), undefined);
  assert.equal(soundType(Buffer.from([0xff, 0xd8, 0xff, 0xe0])), undefined);
});
