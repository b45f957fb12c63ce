import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError, type ErrorCode } from '../kernel/errors.ts';
import { parseDocument } from './document.ts';
import { frameCount } from './document-types.ts';

const base = { format: 'inbetween/1', model: 'fluent-world', keyframes: [{ frame: 0, prompt: 'red cat' }] };

function refused(json: unknown, pattern: RegExp, code: ErrorCode = 'invalid-document'): void {
  assert.throws(
    () => parseDocument(json),
    (error) => {
      assert.ok(error instanceof AppError);
      assert.equal(error.code, code);
      assert.match(error.message, pattern);
      return true;
    },
  );
}

const withKeyframe = (keyframe: object) => ({
  ...base,
  keyframes: [...base.keyframes, { frame: 9, ...keyframe }],
});

test('a small document gets its defaults, and its keyframes sorted', () => {
  const document = parseDocument({
    ...base,
    keyframes: [
      { frame: 24, prompt: 'b' },
      { frame: 0, prompt: 'a' },
    ],
  });
  assert.equal(document.fps, 12);
  assert.equal(document.name, 'Untitled');
  assert.deepEqual(
    document.keyframes.map(({ frame }) => frame),
    [0, 24],
  );
  assert.equal(frameCount(document), 25);
  assert.equal(frameCount(parseDocument({ ...base, length: 7 })), 7);
});

test('a wrong value is named with its path and what is accepted', () => {
  refused(
    withKeyframe({ seed: 'abc' }),
    /^keyframes\[1\]\.seed is "abc"; accepted is a whole number from 0 to 2\^53 - 1/,
  );
  refused(withKeyframe({ seed: -1 }), /keyframes\[1\]\.seed is -1; accepted is a whole number from 0/);
  refused(withKeyframe({ seed: 2 ** 60 }), /keyframes\[1\]\.seed is 1152921504606847000/);
  refused(withKeyframe({ seed: 1.5 }), /keyframes\[1\]\.seed is 1\.5/);
  refused(
    withKeyframe({ prompt: [{ text: 'a', weight: 'x' }] }),
    /keyframes\[1\]\.prompt\[0\]\.weight is "x"/,
  );
  refused(withKeyframe({ prompt: [] }), /keyframes\[1\]\.prompt is \[\]; accepted is 1 to 64/);
  refused(
    withKeyframe({
      prompt: [
        { text: 'a', weight: 1 },
        { text: 'b', weight: -1 },
      ],
    }),
    /sum is greater than 0/,
  );
  refused(withKeyframe({ prompt: 4 }), /keyframes\[1\]\.prompt is 4; accepted is a text, or a list/);
  refused(
    withKeyframe({ steps: 0 }),
    /keyframes\[1\]\.steps is 0; accepted is a whole number from 1 to 1,000/,
  );
  refused(
    withKeyframe({ guidanceScale: Number.NaN }),
    /keyframes\[1\]\.guidanceScale is NaN; accepted is a number/,
  );
  refused(
    withKeyframe({ easing: 'bouncy' }),
    /keyframes\[1\]\.easing is "bouncy"; accepted is one of "linear"/,
  );
  refused(
    withKeyframe({ easing: [0.5, 0, 1.5, 1] }),
    /keyframes\[1\]\.easing\[2\] is 1\.5; accepted is four numbers/,
  );
  refused(withKeyframe({ frame: 0 }), /keyframes\[1\]\.frame is 0, which keyframes\[0\] has already/);
  refused(
    { ...base, size: { width: 250, height: 256 } },
    /size\.width is 250; accepted is a multiple of 4 from 16 to 4096/,
  );
  refused({ ...base, size: { width: 8192, height: 256 } }, /size\.width is 8192/);
  refused({ ...base, fps: 0 }, /fps is 0; accepted is a number from 1 to 120/);
  refused({ ...base, model: undefined }, /model is missing; accepted is a text/);
  refused(
    { ...base, sampler: { scheduler: 'ddimm' } },
    /sampler\.scheduler is "ddimm"; accepted is one of "ddpm", "ddim"/,
  );
  refused('cat', /The document is "cat"/);
  refused([], /The document is \[\]/);
});

test('0 frames and a million frames are refused with the limit', () => {
  refused({ ...base, length: 0 }, /length is 0; accepted is a whole number of frames from 1 to 100,000/);
  refused(
    { ...base, length: 1_000_000 },
    /length is 1000000; accepted is a whole number of frames from 1 to 100,000/,
  );
  refused(withKeyframe({ frame: 1_000_000 }), /keyframes\[1\]\.frame is 1000000; accepted is .* to 99,999/);
  refused({ ...base, keyframes: [] }, /sets no prompt; accepted is/);
});

test('an unknown key is refused with the nearest known one', () => {
  refused(withKeyframe({ promt: 'x' }), /keyframes\[1\] has an unknown key "promt"; did you mean "prompt"\?/);
  refused(withKeyframe({ guidance: 7 }), /did you mean "guidanceScale"\?/);
  refused(withKeyframe({ negative_prompt: 'x' }), /did you mean "negativePrompt"\?/);
  refused(
    { ...base, keyframe: [] },
    /The document has an unknown key "keyframe"; did you mean "keyframes"\?/,
  );
  refused({ ...base, sampler: { cfg: 7 } }, /sampler has an unknown key "cfg"; known are scheduler/);
  refused(
    withKeyframe({ prompt: [{ text: 'a', wight: 1 }] }),
    /keyframes\[1\]\.prompt\[0\] has an unknown key "wight"; did you mean "weight"\?/,
  );
  refused(
    withKeyframe({ easing: { promptt: 'hold' } }),
    /keyframes\[1\]\.easing has an unknown key "promptt"; did you mean "prompt"\?/,
  );
});

test('a newer format is refused as newer, another one as wrong', () => {
  refused({ ...base, format: 'inbetween/2' }, /"inbetween\/2", of a newer version/, 'project-newer');
  refused({ ...base, format: 'travel/1' }, /format is "travel\/1"; accepted is "inbetween\/1"/);
  refused({ ...base, format: undefined }, /format is missing/);
});

test('pictures are paths inside the document’s folder or hashes', () => {
  for (const path of ['cat.png', 'photos/cat 1.png', 'a'.repeat(64)]) {
    assert.equal(parseDocument(withKeyframe({ initImage: path })).keyframes[1]?.initImage, path);
  }
  for (const path of [
    '/etc/passwd',
    '../cat.png',
    'a/../../b.png',
    'C:/cat.png',
    'a\\b.png',
    '~/cat.png',
    '',
  ]) {
    refused(withKeyframe({ initImage: path }), /keyframes\[1\]\.initImage is .*; accepted is the SHA-256/);
  }
});

test('all channels and settings of the format are accepted', () => {
  const document = parseDocument({
    ...base,
    $schema: './inbetween-1.schema.json',
    name: 'All',
    notes: 'n',
    size: { width: 512, height: 384 },
    fps: 23.976,
    length: 40,
    sampler: {
      scheduler: 'ddim',
      steps: 20,
      guidanceScale: 7.5,
      guidanceRescale: 0.7,
      eta: 0.5,
      clipSkip: 1,
      overrides: { clip_sample: false },
    },
    longPrompts: 'chunk',
    noise: 'fresh',
    interpolation: { prompt: 'spline', negativePrompt: 'slerp-tokens', seed: 'lerp' },
    export: { preset: 'gif', loop: 0 },
    keyframes: [
      {
        frame: 0,
        prompt: [
          { text: 'a', weight: 2 },
          { text: 'b', weight: -1 },
        ],
        negativePrompt: 'c',
        seed: [
          { seed: 1, weight: 1 },
          { seed: 2, weight: 3 },
        ],
        images: [{ asset: 'x.png', weight: 0.5 }],
        initImage: 'y.png',
        strength: 0.6,
        mask: null,
        guidanceScale: 4,
        embeddingOffset: 0.1,
        noiseOrbit: 0.5,
        steps: 12,
        easing: { prompt: [0.1, -0.2, 0.3, 1.4], seed: 'hold' },
      },
    ],
    grid: {
      rows: 2,
      cols: 3,
      corners: [{ prompt: 'a' }, {}, {}, { seed: 4 }],
      interpolation: { seed: 'slerp' },
    },
  });
  assert.deepEqual(parseDocument(JSON.parse(JSON.stringify(document))), document);
});
