import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseDocument } from './document.ts';
import { documentJsonSchema } from './document-json-schema.ts';
import { frameCount } from './document-types.ts';
import { documentAssets } from './asset-references.ts';
import { CONTEXT } from '../../test/support/documents.ts';
import { type Conditioning, frameKey } from './frame-spec.ts';
import { planGrid } from './grid.ts';
import { planFrame, planRange } from './plan.ts';

const folder = new URL('../../resources/examples/', import.meta.url);
const read = (name: string) => parseDocument(JSON.parse(readFileSync(new URL(name, folder), 'utf8')));
const text = (value: string): Conditioning => ({ kind: 'text', text: value });

/** Frames of each; those of digits are made by a model of their own. */
const FRAMES: Record<string, number> = {
  'red-cat-to-blue-dog.json': 25,
  'ten-prompt-walk.json': 225,
  'four-way-grid.json': 19,
  'step-walk.json': 30,
  'noise-slerp.json': 30,
  'multi-prompt-slerp.json': 30,
  'circular-walk.json': 30,
  'two-prompt-walk.json': 100,
  'diffusion-loop.json': 1,
  'landscape.json': 1,
  'einstein.json': 13,
  'weighted-mix.json': 13,
  'inpainting.json': 13,
  'image-to-image.json': 13,
  'picture-and-text.json': 21,
  'digits.json': 80,
  'digit-morph.json': 57,
};

/** Examples of other models than the embedded one, and the side of their pictures. */
const MODELS: Record<string, readonly [string, number]> = {
  'picture-and-text.json': ['fluent-world-prior', 256],
  'digits.json': ['mnist-digits', 28],
  'digit-morph.json': ['mnist-digits', 28],
};
const KANDINSKY = {
  ...CONTEXT,
  defaults: { ...CONTEXT.defaults, image: { priorSteps: 25, priorGuidanceScale: 4, readsText: true } },
};

test('every example is listed here, parses, and plans its number of frames', () => {
  assert.deepEqual(
    readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort(),
    Object.keys(FRAMES).sort(),
  );
  for (const [name, count] of Object.entries(FRAMES)) {
    const document = read(name);
    assert.equal(frameCount(document), count, name);
    const assetKeys = new Map(documentAssets(document).map((path) => [path, 'a'.repeat(64)]));
    const [model, side] = MODELS[name] ?? ['fluent-world', 256];
    const context = model === 'fluent-world-prior' ? KANDINSKY : CONTEXT;
    assert.equal(planRange(document, { ...context, assetKeys }).length, count, name);
    assert.deepEqual([document.model, document.size], [model, { width: side, height: side }], name);
    assert.match(document.notes ?? '', /Original:|Made after/, name);
  }
});

test('the ten-prompt walk has each inner prompt twice, as the same picture', () => {
  const document = read('ten-prompt-walk.json');
  const keys = planRange(document, CONTEXT).map(frameKey);
  for (let segment = 1; segment < 9; segment++) assert.equal(keys[25 * segment - 1], keys[25 * segment]);
  assert.equal(new Set(keys).size, 225 - 8);
  assert.equal(document.fps, 5);
});

test('the four-way grid has cat, dog, horse and ship in its corners, and its timeline on its edges', () => {
  const document = read('four-way-grid.json');
  const { rows, cols, cells } = planGrid(document, CONTEXT);
  assert.deepEqual([rows, cols, cells.length], [10, 10, 100]);
  assert.deepEqual(
    [cells[0], cells[9], cells[90], cells[99]].map((cell) => cell!.prompt),
    ['red cat, 4k photo', 'blue dog at the beach', 'horse in the coat', 'ship in ice'].map(text),
  );
  const known = new Set(cells.map(frameKey));
  assert.ok(planRange(document, CONTEXT).every((spec) => known.has(frameKey(spec))));
});

test('the step walk adds 0.001 a frame to both embeddings', () => {
  const specs = planRange(read('step-walk.json'), CONTEXT);
  for (const [frame, spec] of specs.entries()) {
    for (const side of [spec.prompt, spec.negative]) {
      const amount = side.kind === 'offset' ? side.amount : 0;
      assert.ok(Math.abs(amount - 0.001 * frame) < 1e-15);
    }
  }
  assert.equal(specs[0]!.sampler.scheduler, 'lms');
});

test('the circular walk ends where it began', () => {
  const keys = planRange(read('circular-walk.json'), CONTEXT).map(frameKey);
  assert.equal(keys[29], keys[0]);
  assert.equal(new Set(keys).size, 29);
});

test('the two slerp walks move only what they say', () => {
  const noise = planFrame(read('noise-slerp.json'), 10, CONTEXT);
  assert.equal(noise.prompt.kind, 'text');
  assert.equal(noise.noise.kind === 'blend' && noise.noise.method, 'slerp');
  const prompts = planFrame(read('multi-prompt-slerp.json'), 10, CONTEXT);
  assert.equal(prompts.noise.kind, 'seed');
  assert.equal(prompts.negative.kind, 'text');
  assert.equal(prompts.prompt.kind === 'blend' && prompts.prompt.method, 'slerp');
});

test('the sheet of digits has a row a class and a column a seed', () => {
  for (const [frame, { prompt, noise }] of planRange(read('digits.json'), CONTEXT).entries()) {
    assert.deepEqual(prompt, text(String(Math.floor(frame / 8))));
    assert.deepEqual(noise, { kind: 'seed', seed: frame % 8 });
  }
});

test('the digits that morph keep their noise and are blended through the embedding table', () => {
  const middle = planFrame(read('digit-morph.json'), 4, CONTEXT);
  assert.deepEqual(middle.prompt, { kind: 'blend', method: 'lerp', from: text('3'), to: text('8'), t: 0.5 });
  assert.deepEqual(middle.noise, { kind: 'seed', seed: 1632 });
});

test('the pictures that examples start from lie beside them', () => {
  for (const name of ['inpainting.json', 'image-to-image.json', 'picture-and-text.json']) {
    for (const asset of documentAssets(read(name))) assert.ok(existsSync(new URL(asset, folder)), asset);
  }
});

test('the loop to look into has the parameters of its document', () => {
  const { sampler, noise } = planFrame(read('diffusion-loop.json'), 0, CONTEXT);
  assert.deepEqual([sampler.scheduler, sampler.steps, sampler.guidanceScale], ['lms', 30, 7.5]);
  assert.deepEqual(noise, { kind: 'seed', seed: 1632 });
});

test('the JSON schema for editors is current', () => {
  const file = new URL('../../resources/schema/inbetween-1.schema.json', import.meta.url);
  const written = JSON.parse(readFileSync(file, 'utf8'));
  assert.deepEqual(written, JSON.parse(documentJsonSchema()), 'run scripts/make-document-schema.ts');
});
