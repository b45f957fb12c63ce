import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AppError } from '../kernel/errors.ts';
import { frameCount, type ProjectDocument } from './document-types.ts';
import { CONTEXT, documentArbitrary, documentOf, walk } from '../../test/support/documents.ts';
import { frameKey, textsOf } from './frame-spec.ts';
import { changedFrames, planFrame, planRange } from './plan.ts';
import { retime } from './retime.ts';

const key = (document: ProjectDocument, frame: number) => frameKey(planFrame(document, frame, CONTEXT));
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

function edited(document: ProjectDocument, at: number, prompt: string): ProjectDocument {
  const keyframes = document.keyframes.map((keyframe, index) =>
    index === at ? { ...keyframe, prompt } : keyframe,
  );
  return { ...document, keyframes };
}

test('keyframes are plain, inbetweens are blends at their share of the way', () => {
  const document = walk(2, 4);
  assert.deepEqual(planFrame(document, 0, CONTEXT), {
    version: 1,
    model: CONTEXT.fingerprint,
    width: 256,
    height: 256,
    prompt: { kind: 'text', text: 'prompt 0' },
    negative: { kind: 'text', text: '' },
    text: { clipSkip: 0, longPrompts: 'truncate' },
    noise: { kind: 'seed', seed: 7 },
    sampler: { scheduler: 'dpm++2m', overrides: {}, steps: 15, guidanceScale: 5, guidanceRescale: 0, eta: 0 },
    init: null,
    mask: null,
  });
  assert.deepEqual(planFrame(document, 1, CONTEXT).prompt, {
    kind: 'blend',
    method: 'lerp',
    from: { kind: 'text', text: 'prompt 0' },
    to: { kind: 'text', text: 'prompt 1' },
    t: 0.25,
  });
  assert.deepEqual(planFrame(document, 4, CONTEXT).prompt, { kind: 'text', text: 'prompt 1' });
});

test('editing one of ten keyframes changes exactly the frames of its two segments', () => {
  const document = walk(10);
  assert.deepEqual(changedFrames(document, edited(document, 4, 'ship'), CONTEXT), range(31, 49));
  assert.deepEqual(changedFrames(document, edited(document, 0, 'ship'), CONTEXT), range(0, 9));
  assert.deepEqual(changedFrames(document, edited(document, 9, 'ship'), CONTEXT), range(81, 90));
  assert.deepEqual(changedFrames(document, { ...document, name: 'x', notes: 'y' }, CONTEXT), []);
});

test('with a spline the edit touches up to four segments, and no keyframe but its own', () => {
  const document = walk(10, 10, { interpolation: { prompt: 'spline' } });
  const changed = changedFrames(document, edited(document, 4, 'ship'), CONTEXT);
  assert.deepEqual(
    changed,
    range(21, 59).filter((frame) => frame % 10 !== 0 || frame === 40),
  );
  const spline = planFrame(document, 1, CONTEXT).prompt;
  assert.equal(spline.kind, 'spline');
  assert.deepEqual(textsOf(spline), ['prompt 0', 'prompt 1', 'prompt 2']);
});

test('12 to 24 fps keeps every old frame’s key', () => {
  fc.assert(
    fc.property(documentArbitrary, (generated) => {
      const { noise: _fresh, ...document } = generated;
      const doubled = retime(document, 24);
      assert.equal(doubled.fps, 24);
      for (let frame = 0; frame < frameCount(document); frame++) {
        assert.equal(key(doubled, frame * 2), key(document, frame));
      }
    }),
    { numRuns: 30 },
  );
  assert.deepEqual(retime(retime(walk(4), 24), 12), walk(4));
});

test('retiming down loses no keyframe, and a timeline that would be too long is refused', () => {
  const document = documentOf({
    fps: 24,
    keyframes: range(0, 9).map((frame) => ({ frame, prompt: `p${frame}` })),
  });
  const slow = retime(document, 1);
  assert.deepEqual(
    slow.keyframes.map(({ prompt }) => prompt),
    document.keyframes.map(({ prompt }) => prompt),
  );
  assert.throws(
    () => retime(documentOf({ length: 90_000, keyframes: [{ frame: 0, prompt: 'a' }] }), 120),
    /at most 100,000/,
  );
});

test('a keyframe’s spec does not depend on its neighbours, and its channels hold at both ends', () => {
  const alone = documentOf({
    length: 30,
    keyframes: [{ frame: 10, prompt: 'a', seed: 3, guidanceScale: 4 }],
  });
  const between = documentOf({
    keyframes: [
      { frame: 0, prompt: 'z', seed: 1, guidanceScale: 9, easing: 'ease-in' },
      { frame: 10, prompt: 'a', seed: 3, guidanceScale: 4 },
      { frame: 20, prompt: 'y', seed: 2, guidanceScale: 1 },
    ],
  });
  assert.equal(key(alone, 10), key(between, 10));
  assert.equal(key(alone, 0), key(alone, 29));
});

test('equal ends, equal lists in another order and zero values collapse to one spec', () => {
  const mix = (...weights: [string, number][]) => weights.map(([text, weight]) => ({ text, weight }));
  const document = documentOf({
    keyframes: [
      { frame: 0, prompt: mix(['a', 1], ['b', 3]), seed: 1, noiseOrbit: 0, embeddingOffset: 0 },
      {
        frame: 9,
        prompt: mix(['b', 0.5], ['a', 0.25], ['b', 0.25], ['c', 0]),
        seed: [{ seed: 1, weight: 5 }],
        noiseOrbit: 2,
      },
    ],
  });
  const middle = planFrame(document, 0, CONTEXT);
  assert.deepEqual(middle.prompt, {
    kind: 'mix',
    terms: [
      { weight: 0.25, of: { kind: 'text', text: 'a' } },
      { weight: 0.75, of: { kind: 'text', text: 'b' } },
    ],
  });
  assert.equal(key(document, 0), key(document, 9));
  assert.deepEqual(planFrame(document, 5, CONTEXT).prompt, middle.prompt);
  const single = documentOf({ keyframes: [{ frame: 0, prompt: mix(['a', 7]) }] });
  assert.deepEqual(planFrame(single, 0, CONTEXT).prompt, { kind: 'text', text: 'a' });
});

test('what decides nothing stays out of the spec', () => {
  const plan = (members: object) =>
    key(documentOf({ keyframes: [{ frame: 0, prompt: 'a', ...members }] }), 0);
  assert.equal(plan({ guidanceScale: 1, negativePrompt: 'x' }), plan({ guidanceScale: 1 }));
  assert.notEqual(plan({ guidanceScale: 2, negativePrompt: 'x' }), plan({ guidanceScale: 2 }));
  assert.equal(plan({ strength: 0.3 }), plan({}));
  const eta = (scheduler: string) =>
    planFrame(
      documentOf({ sampler: { scheduler, eta: 0.5 }, keyframes: [{ frame: 0, prompt: 'a' }] }),
      0,
      CONTEXT,
    ).sampler.eta;
  assert.equal(eta('euler'), 0);
  assert.equal(eta('ddim'), 0.5);
});

test('the step walk moves both embeddings, the orbit turns the noise and comes back', () => {
  const document = documentOf({
    keyframes: [
      { frame: 0, prompt: 'a', seed: 4, embeddingOffset: 0, noiseOrbit: 0 },
      { frame: 4, embeddingOffset: 0.004, noiseOrbit: 1 },
    ],
  });
  const spec = planFrame(document, 3, CONTEXT);
  assert.deepEqual(spec.prompt, { kind: 'offset', of: { kind: 'text', text: 'a' }, amount: 0.003 });
  assert.deepEqual(spec.negative, { kind: 'offset', of: { kind: 'text', text: '' }, amount: 0.003 });
  assert.deepEqual(spec.noise, { kind: 'orbit', of: { kind: 'seed', seed: 4 }, turns: 0.75 });
  assert.deepEqual(planFrame(document, 4, CONTEXT).noise, planFrame(document, 0, CONTEXT).noise);
});

test('fresh noise adds the frame number to every seed', () => {
  const document = documentOf({
    noise: 'fresh',
    keyframes: [
      { frame: 0, prompt: 'a', seed: 10 },
      { frame: 4, seed: 20 },
    ],
  });
  assert.deepEqual(planFrame(document, 2, CONTEXT).noise, {
    kind: 'blend',
    method: 'slerp',
    from: { kind: 'seed', seed: 12 },
    to: { kind: 'seed', seed: 22 },
    t: 0.5,
  });
});

test('pictures, masks and steps are held until the next keyframe that sets them, whatever the curve', () => {
  const document = documentOf({
    keyframes: [
      {
        frame: 0,
        prompt: 'a',
        initImage: 'cat.png',
        mask: 'm.png',
        strength: 0.4,
        steps: 10,
        easing: [0, 3, 0, 3],
      },
      { frame: 10, initImage: null, mask: null, strength: 0.8, steps: 20 },
    ],
  });
  const context = {
    ...CONTEXT,
    assetKeys: new Map([
      ['cat.png', 'c'.repeat(64)],
      ['m.png', 'd'.repeat(64)],
    ]),
  };
  const nine = planFrame(document, 9, context);
  assert.equal(nine.init?.asset, 'c'.repeat(64));
  assert.equal(nine.mask, 'd'.repeat(64));
  assert.equal(nine.sampler.steps, 10);
  assert.ok(nine.init.strength <= 1, 'an overshoot stays within what is accepted');
  const ten = planFrame(document, 10, context);
  assert.deepEqual([ten.init, ten.mask, ten.sampler.steps], [null, null, 20]);
  assert.throws(
    () => planFrame(document, 0, CONTEXT),
    (error) => error instanceof AppError && error.code === 'invalid-asset' && /"cat.png"/.test(error.message),
  );
});

test('what cannot be rendered is refused with a reason', () => {
  const of = (members: object) => () =>
    planFrame(documentOf({ keyframes: [{ frame: 0, prompt: 'a', ...members }] }), 0, CONTEXT);
  assert.throws(
    of({ images: [{ asset: 'a'.repeat(64), weight: 1 }] }),
    /keyframes\[0\]\.images needs a model that takes image conditions/,
  );
  assert.throws(of({ mask: 'a'.repeat(64) }), /Frame 0 has a mask .* but no initial picture/);
  assert.throws(
    () => planFrame(walk(2), 11, CONTEXT),
    /Frame 11 is outside the timeline; accepted is 0 to 10/,
  );
  const noPrompt = documentOf({
    keyframes: [{ frame: 0, seed: 1 }],
    grid: { rows: 2, cols: 2, corners: [{ prompt: 'a' }, {}, {}, {}] },
  });
  assert.throws(() => planFrame(noPrompt, 0, CONTEXT), /No keyframe sets a prompt/);
});

test('planning is a pure function: the same document from other objects gives the same keys', () => {
  fc.assert(
    fc.property(documentArbitrary, (document) => {
      const copy = documentOf(
        JSON.parse(JSON.stringify({ ...document, keyframes: [...document.keyframes].reverse() })),
      );
      assert.deepEqual(planRange(copy, CONTEXT).map(frameKey), planRange(document, CONTEXT).map(frameKey));
    }),
    { numRuns: 50 },
  );
});

test('a thousand keyframes are planned, each with the frames around it', () => {
  const specs = planRange(walk(1000, 10), CONTEXT);
  assert.equal(specs.length, 9991);
  assert.deepEqual(specs[9985]!.prompt, {
    kind: 'blend',
    method: 'lerp',
    from: { kind: 'text', text: 'prompt 998' },
    to: { kind: 'text', text: 'prompt 999' },
    t: 0.5,
  });
});
