import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyCommand } from './commands.ts';
import { parseDocument } from './document.ts';
import { draftOf } from './draft.ts';
import { frameKey } from './frame-spec.ts';
import { changedFrames, planFrame } from './plan.ts';

const context = {
  fingerprint: 'a'.repeat(64),
  defaults: { width: 64, height: 64, steps: 15, guidanceScale: 5, scheduler: 'ddim' },
} as const;

const document = parseDocument({
  format: 'inbetween/1',
  model: 'tiny',
  keyframes: [
    { frame: 0, prompt: 'red cat', seed: 1 },
    { frame: 8, prompt: 'blue dog', seed: 2 },
  ],
});

describe('a pinned frame', () => {
  it('has its own noise, and its neighbours stay as they are', () => {
    const { document: pinned } = applyCommand(document, {
      type: 'setSettings',
      settings: { pins: [{ frame: 3, seed: 99 }] },
    });
    assert.deepEqual(changedFrames(document, pinned, context), [3]);
    assert.deepEqual(planFrame(pinned, 3, context).noise, { kind: 'seed', seed: 99 });
  });

  it('can go only part of the way', () => {
    const some = { ...document, pins: [{ frame: 3, seed: 99, amount: 0.25 }] };
    const { noise } = planFrame(some, 3, context);
    assert.ok(noise.kind === 'blend' && noise.t === 0.25);
    assert.deepEqual(noise.from, planFrame(document, 3, context).noise);
  });

  it('on a keyframe is the picture that the keyframe would have with that seed', () => {
    const pinned = { ...document, pins: [{ frame: 8, seed: 5 }] };
    const { document: reseeded } = applyCommand(document, {
      type: 'setChannel',
      frame: 8,
      channel: 'seed',
      value: 5,
    });
    assert.equal(frameKey(planFrame(pinned, 8, context)), frameKey(planFrame(reseeded, 8, context)));
  });

  it('moves with its frame when frames are inserted before it', () => {
    const marked = { ...document, pins: [{ frame: 3, seed: 9 }], flags: [{ frame: 5 }] };
    const { document: after } = applyCommand(marked, { type: 'rippleInsert', at: 1, frames: 4 });
    assert.deepEqual([after.pins, after.flags], [[{ frame: 7, seed: 9 }], [{ frame: 9 }]]);
  });
});

describe('a draft', () => {
  it('has fewer steps and a key of its own', () => {
    const final = planFrame(document, 3, context);
    const draft = draftOf(document, final);
    assert.equal(draft?.sampler.steps, 6);
    assert.notEqual(frameKey(draft!), frameKey(final));
    assert.equal(draftOf({ ...document, draft: { steps: 3 } }, final)?.sampler.steps, 3);
  });

  it('is left out where it would save nothing', () => {
    const quick = planFrame({ ...document, sampler: { steps: 4 } }, 3, context);
    assert.equal(draftOf(document, quick), null);
  });

  it('leaves image to image a step to run', () => {
    const final = planFrame(document, 3, context);
    const draft = draftOf(
      { ...document, draft: { steps: 2 } },
      { ...final, init: { asset: 'x', strength: 0.2 } },
    );
    assert.equal(draft?.sampler.steps, 5);
  });
});
