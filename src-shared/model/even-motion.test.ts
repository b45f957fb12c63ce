import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { applyCommand } from './commands.ts';
import { parseDocument } from './document.ts';
import type { ProjectDocument } from './document-types.ts';
import { easePoints, fewestPoints } from './easing-points.ts';
import { evenMotion, keyframesWithin, unevenness } from './even-motion.ts';
import { placeOn, tracksOf } from './tracks.ts';

const film = (keyframes: readonly object[]): ProjectDocument =>
  parseDocument({ format: 'inbetween/1', name: 'Even', model: 'm', fps: 12, keyframes } as never);
/** A picture that is a number: how far the walk has come, through a lens that is slow at both ends. */
const lens = (walk: number): number => (walk * walk * (3 - 2 * walk) + walk * 0.2) / 1.2;
const walkAt = (document: ProjectDocument, frame: number): number => {
  const keys = tracksOf(document).prompt!;
  const { index, t } = placeOn(keys, frame);
  return index + t;
};
const distancesOf = (document: ProjectDocument, count: number): (number | null)[] =>
  Array.from({ length: count }, (_, frame) => {
    if (frame === 0) return null;
    const [a, b] = [walkAt(document, frame - 1), walkAt(document, frame)];
    return Math.abs(Math.floor(b) + lens(b % 1) - Math.floor(a) - lens(a % 1));
  });
const apply = (document: ProjectDocument, commands: readonly object[]): ProjectDocument =>
  commands.reduce<ProjectDocument>((now, command) => applyCommand(now, command as never).document, document);

describe('motion that is evened out', () => {
  it('runs at one speed between two keys, whose places and values stay', () => {
    const document = film([
      { frame: 0, prompt: 'a' },
      { frame: 24, prompt: 'b', easing: 'ease-in' },
    ]);
    const evened = evenMotion(document, distancesOf(document, 25), { from: 0, to: 24 }, { moveKeys: false });
    assert.ok(unevenness(evened.before)! > 1.2);
    assert.ok(unevenness(evened.after)! < 1.01, `expected ${unevenness(evened.after)}`);
    const after = apply(document, evened.commands);
    assert.deepEqual(
      after.keyframes.map(({ frame, prompt }) => [frame, prompt]),
      [
        [0, 'a'],
        [24, 'b'],
      ],
    );
    const seen = distancesOf(after, 25).slice(1) as number[];
    assert.ok(unevenness(seen)! < 1.06, `is ${unevenness(seen)}`);
  });

  it('gives each way the time that its change needs when keys may move', () => {
    const document = film([
      { frame: 0, prompt: 'a' },
      { frame: 20, prompt: 'b', seed: 4 },
      { frame: 30, prompt: 'c' },
    ]);
    // The second way changes three times as much as the first.
    const distances = Array.from({ length: 31 }, (_, f) => (f === 0 ? null : f <= 20 ? 1 : 6));
    const kept = evenMotion(document, distances, { from: 0, to: 30 }, { moveKeys: false });
    assert.deepEqual(kept.commands, []);
    const evened = evenMotion(document, distances, { from: 0, to: 30 }, { moveKeys: true });
    const after = apply(document, evened.commands);
    assert.deepEqual(
      after.keyframes.map(({ frame }) => frame),
      [0, 8, 30],
    );
    assert.equal(after.keyframes[1]?.seed, 4);
    assert.ok(unevenness(evened.after)! < 1.1);
  });

  it('leaves holds alone, and channels whose way leads out of the span', () => {
    const document = film([
      { frame: 0, prompt: 'a', guidanceScale: 4, easing: { prompt: 'hold' } },
      { frame: 10, prompt: 'b' },
      { frame: 20, prompt: 'c' },
      { frame: 40, guidanceScale: 8 },
    ]);
    const distances = Array.from({ length: 41 }, (_, f) => (f === 0 ? null : f < 10 ? 0 : f === 10 ? 5 : f));
    const { commands } = evenMotion(document, distances, { from: 0, to: 20 }, { moveKeys: true });
    const after = apply(document, commands);
    assert.deepEqual(
      after.keyframes.map(({ frame }) => frame),
      [0, 10, 20, 40],
    );
    assert.deepEqual(after.keyframes[0]?.easing, { prompt: 'hold' });
    assert.ok(Array.isArray((after.keyframes[1]?.easing as { prompt: unknown }).prompt));
  });

  it('keeps every key a frame of its own, whatever was measured', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { minLength: 2, maxLength: 8 }),
        fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 100, noNaN: true })), {
          minLength: 41,
          maxLength: 41,
        }),
        fc.boolean(),
        (frames, distances, moveKeys) => {
          const document = film(frames.map((frame) => ({ frame, prompt: `p${frame}` })));
          const span = keyframesWithin(document, { from: 0, to: 40 })!;
          const after = apply(document, evenMotion(document, distances, span, { moveKeys }).commands);
          assert.equal(after.keyframes.length, document.keyframes.length);
          const order = [...after.keyframes].sort((a, b) => a.frame - b.frame).map(({ prompt }) => prompt);
          assert.deepEqual(
            order,
            [...document.keyframes].sort((a, b) => a.frame - b.frame).map(({ prompt }) => prompt),
          );
          assert.equal(walkAt(after, span.to), document.keyframes.length - 1);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a curve through points', () => {
  it('meets its points and never swings past them', () => {
    const points = [
      [0.2, 0.01],
      [0.5, 0.9],
      [0.6, 0.9],
    ] as const;
    for (const [x, y] of points) assert.ok(Math.abs(easePoints(points, x) - y) < 1e-12);
    let before = 0;
    for (let i = 1; i < 200; i++) {
      const y = easePoints(points, i / 200);
      assert.ok(y >= before - 1e-12 && y <= 1, `${y} after ${before} at ${i}`);
      before = y;
    }
  });

  it('is kept with as few points as it needs', () => {
    const line = Array.from({ length: 99 }, (_, i) => [(i + 1) / 100, (i + 1) / 100] as const);
    assert.deepEqual(fewestPoints(line), []);
    const bent = line.map(([x]) => [x, x * x] as const);
    const kept = fewestPoints(bent);
    assert.ok(kept.length < 12, `${kept.length} points`);
    for (const [x, y] of bent) assert.ok(Math.abs(easePoints(kept, x) - y) <= 0.002);
  });
});
