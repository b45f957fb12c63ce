import assert from 'node:assert/strict';
import { test } from 'node:test';
import { thereWithCrossFades, withCrossFades } from './frame-sources.ts';
import type { FrameSource, Playback } from './types.ts';

const PLAYBACK: Playback = { fps: 12, loop: 0, pingPong: false, holdFirst: 0.5, holdLast: 0 };

/** Pictures of one pixel, which notes what is read of it. */
function film(levels: readonly number[]): { source: FrameSource; reads: number[] } {
  const reads: number[] = [];
  return {
    reads,
    source: {
      count: levels.length,
      width: 1,
      height: 1,
      frame: async (at) => {
        reads.push(at);
        return Uint8Array.of(levels[at]!, 0, 255);
      },
    },
  };
}

test('cross-fades stand evenly between two frames, and the film takes as long', async () => {
  const { source, reads } = film([0, 100, 40]);
  const faded = withCrossFades(source, { ...PLAYBACK, crossFades: 3 });
  assert.deepEqual(faded.playback, { ...PLAYBACK, fps: 48 });
  const levels: number[] = [];
  for (let at = 0; at < faded.source.count; at++) {
    const [level, , blue] = await faded.source.frame(at);
    levels.push(level!);
    assert.equal(blue, 255);
  }
  assert.deepEqual(levels, [0, 25, 50, 75, 100, 85, 70, 55, 40]);
  // Each frame is read once: they may be large, and have to be decoded.
  assert.deepEqual(reads, [0, 1, 2]);
});

test('without cross-fades, or with a single frame, a film is what it was', () => {
  const { source } = film([7]);
  assert.equal(withCrossFades(source, { ...PLAYBACK, crossFades: 4 }).source, source);
  const two = film([1, 2]).source;
  assert.deepEqual(withCrossFades(two, { ...PLAYBACK, crossFades: 0 }), { source: two, playback: PLAYBACK });
});

test('a cross-fade is there where both its frames are', () => {
  assert.deepEqual(thereWithCrossFades([true, true, false, true], 2), [
    ...[true, true, true],
    ...[true, false, false],
    ...[false, false, false],
    true,
  ]);
  assert.deepEqual(thereWithCrossFades([true, false]), [true, false]);
});
