import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ProjectDocument } from './document-types.ts';
import { parseDocument } from './document.ts';
import { type FrameSpec, frameKey, imageEmbeddingKey, type ImageLeaf, leavesOf } from './frame-spec.ts';
import type { PlanContext } from './frame-state.ts';
import { planGrid } from './grid.ts';
import { changedFrames, planFrame, planRange } from './plan.ts';

const CAT = 'a'.repeat(64);
const DOG = 'b'.repeat(64);

const context: PlanContext = {
  fingerprint: 'f'.repeat(64),
  defaults: {
    width: 512,
    height: 512,
    steps: 50,
    guidanceScale: 4,
    scheduler: 'ddim',
    image: { priorSteps: 25, priorGuidanceScale: 4, readsText: true },
  },
};

describe('Image embeddings on the timeline', () => {
  test('the prior runs once per keyframe, however many frames lie between', () => {
    const specs = planRange(film(prompts('cat', 'dog')), context);
    const keys = new Set(specs.flatMap((spec) => priorKeys(spec)));
    assert.equal(specs.length, 25);
    assert.equal(keys.size, 2);
    assert.equal(specs[12]!.image!.positive.kind, 'blend');
  });

  test('at a keyframe the embedding names no neighbour', () => {
    const [first] = planRange(film(prompts('cat', 'dog')), context);
    assert.deepEqual(first!.image!.positive, leaf('cat'));
    assert.deepEqual(first!.image!.negative, { kind: 'zero' });
  });

  test('a prompt turns into a picture, and the text follows its own keys', () => {
    const document = film([
      { frame: 0, prompt: 'cat' },
      { frame: 24, images: [{ asset: CAT, weight: 1 }] },
    ]);
    const middle = planFrame(document, 12, context);
    assert.deepEqual(middle.image!.positive, {
      kind: 'blend',
      method: 'lerp',
      from: leaf('cat'),
      to: { kind: 'picture', asset: CAT },
      t: 0.5,
    });
    assert.deepEqual(middle.prompt, { kind: 'text', text: 'cat' });
    assert.deepEqual(planFrame(document, 24, context).image!.positive, { kind: 'picture', asset: CAT });
  });

  test('a fuse keeps its weights as they stand and joins equal parts', () => {
    const document = film([
      {
        frame: 0,
        images: [
          { asset: DOG, weight: 0.5 },
          { text: 'cat', weight: 0.25 },
          { asset: DOG, weight: 0.5 },
        ],
      },
    ]);
    const spec = planFrame(document, 0, context);
    assert.deepEqual(spec.image!.positive, {
      kind: 'mix',
      terms: [
        { weight: 1, of: { kind: 'picture', asset: DOG } },
        { weight: 0.25, of: leaf('cat') },
      ],
    });
    assert.deepEqual(spec.prompt, { kind: 'text', text: '' });
  });

  test('a negative prompt is sampled with the prompt, and stays out of the decoder', () => {
    const document = film([{ frame: 0, prompt: 'cat', negativePrompt: 'blurry' }]);
    const { image, negative } = planFrame(document, 0, context);
    assert.deepEqual(image!.positive, { ...leaf('cat'), negative: 'blurry', rows: 2 });
    assert.deepEqual(image!.negative, { ...leaf('blurry'), negative: 'blurry', rows: 2, row: 1 });
    assert.deepEqual(negative, { kind: 'text', text: '' });
    assert.deepEqual(image!.before, { method: 'unclip', steps: 25, rows: 2, runs: 1 });
  });

  test('an empty negative prompt is imagined as diffusers does, and is no picture to the original samplers', () => {
    const empty = film([{ frame: 0, prompt: 'cat', negativePrompt: '' }]);
    const { image } = planFrame(empty, 0, context);
    assert.deepEqual(image!.negative, { ...leaf(''), rows: 2, row: 1 });
    assert.equal(image!.before.rows, 2);
    const original = planFrame(
      { ...empty, sampler: { ...empty.sampler, scheduler: 'p_sampler' } },
      0,
      context,
    );
    assert.deepEqual(original.image!.negative, { kind: 'zero' });
    assert.equal(original.image!.before.runs, 1);
  });

  test("the prior's own negative prompt stands for one that is absent or empty, as what diffusers' prior returns", () => {
    const blurry = { ...leaf('blurry'), negative: 'blurry', rows: 2, row: 1 };
    for (const given of [{}, { negativePrompt: '' }]) {
      const two = film([
        { frame: 0, prompt: 'cat', ...given },
        { frame: 8, prompt: 'dog' },
      ]);
      const document = { ...two, prior: { negativePrompt: 'blurry' } };
      for (const frame of [0, 5]) {
        const { image } = planFrame(document, frame, context);
        assert.deepEqual(image!.negative, blurry);
        assert.equal(image!.before.rows, 2);
      }
      const { image } = planFrame(document, 0, context);
      assert.deepEqual(image!.positive, { ...leaf('cat'), negative: 'blurry', rows: 2 });
    }
  });

  test("a negative prompt beside the prior's own is a picture led away from that, as diffusers interpolates", () => {
    const document = {
      ...film([{ frame: 0, prompt: 'cat', negativePrompt: 'grey' }]),
      prior: { negativePrompt: 'blurry' },
    };
    const { image } = planFrame(document, 0, context);
    assert.deepEqual(image!.positive, { ...leaf('cat'), negative: 'blurry', rows: 2 });
    assert.deepEqual(image!.negative, { ...leaf('grey'), negative: 'blurry', rows: 2, row: 0 });
  });

  test("to the original samplers the prior's own negative prompt is no negative prompt", () => {
    const document = {
      ...film([{ frame: 0, prompt: 'cat' }]),
      sampler: { scheduler: 'p_sampler' as const },
      prior: { negativePrompt: 'text' },
    };
    const { image } = planFrame(document, 0, context);
    assert.deepEqual(image!.negative, { kind: 'zero' });
    assert.equal(image!.before.runs, 1);
  });

  test('the original samplers run the prior a second time for a negative prompt', () => {
    const document = {
      ...film([{ frame: 0, prompt: 'cat', negativePrompt: 'blurry' }]),
      sampler: { scheduler: 'p_sampler' as const },
      prior: { steps: 'ddim25', negativePrompt: 'text' },
    };
    const { image } = planFrame(document, 0, context);
    const original = { method: 'ddim' as const, steps: 25, rows: 2 as const };
    assert.deepEqual(image!.positive, { ...leaf('cat'), ...original, negative: 'text' });
    assert.deepEqual(image!.negative, { ...leaf('blurry'), ...original, negative: 'text', run: 1 });
    assert.deepEqual(image!.before, { ...original, runs: 2 });
  });

  test('an edit of one prompt renders its two segments again', () => {
    const at = (third: string) =>
      film([
        { frame: 0, prompt: 'cat' },
        { frame: 8, prompt: 'dog' },
        { frame: 16, prompt: third },
        { frame: 24, prompt: 'cow' },
      ]);
    const changed = changedFrames(at('horse'), at('ship'), context);
    assert.deepEqual([changed[0], changed.at(-1), changed.length], [9, 23, 15]);
  });

  test('without text in the decoder, words that the prior does not see decide nothing', () => {
    const second = {
      ...context,
      defaults: { ...context.defaults, image: { ...context.defaults.image!, readsText: false } },
    };
    const picture = [{ asset: CAT, weight: 1 }];
    const keys = ['cat', 'dog'].map((prompt) =>
      frameKey(planFrame(film([{ frame: 0, prompt, images: picture }]), 0, second)),
    );
    assert.equal(keys[0], keys[1]);
  });

  test('cells of a grid blend the corners', () => {
    const document: ProjectDocument = {
      ...film([]),
      grid: {
        rows: 3,
        cols: 3,
        corners: [
          { prompt: 'cat' },
          { prompt: 'dog' },
          { images: [{ asset: CAT, weight: 1 }] },
          { prompt: 'ship' },
        ],
      },
    };
    const { cells } = planGrid(document, context);
    assert.deepEqual(cells[0]!.image!.positive, leaf('cat'));
    assert.deepEqual(cells[6]!.image!.positive, { kind: 'picture', asset: CAT });
    assert.equal(leavesOf<ImageLeaf>(cells[4]!.image!.positive).length, 4);
  });

  test('models that are told no pictures refuse them by name', () => {
    const { image: _, ...defaults } = context.defaults;
    const document = film([{ frame: 0, prompt: 'cat', images: [{ asset: CAT, weight: 1 }] }]);
    assert.throws(
      () => planFrame(document, 0, { ...context, defaults }),
      /keyframes\[0\]\.images needs a model/,
    );
  });

  test('documents say what a fuse and a prior accept', () => {
    const read = (members: object) => parseDocument({ ...film([]), ...members });
    const keyframes = [{ frame: 0, images: [{ weight: 1 }] }];
    assert.throws(() => read({ keyframes }), /images\[0\]/);
    assert.throws(() => read({ keyframes: prompts('a'), prior: { steps: 'fast4' } }), /"ddim25"/);
  });
});

function film(keyframes: ProjectDocument['keyframes']): ProjectDocument {
  return { format: 'inbetween/1', name: 'Film', model: 'kandinsky', fps: 12, keyframes };
}

function prompts(...texts: string[]): ProjectDocument['keyframes'] {
  return texts.map((prompt, i) => ({ frame: 24 * i, prompt }));
}

function leaf(text: string) {
  return {
    kind: 'prior',
    text,
    negative: '',
    guidanceScale: 4,
    method: 'unclip',
    steps: 25,
    rows: 1,
    noise: { kind: 'seed', seed: 0 },
    row: 0,
    run: 0,
  };
}

function priorKeys(spec: FrameSpec): string[] {
  return leavesOf<ImageLeaf>(spec.image!.positive).map((one) => imageEmbeddingKey(spec.model, one));
}
