import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONTEXT, documentOf } from '../../test/support/documents.ts';
import { type Conditioning, type FrameSpec, frameKey } from './frame-spec.ts';
import { planGrid } from './grid.ts';
import { keyframesFromGridPath } from './grid-path.ts';
import { planFrame } from './plan.ts';

const corners = [
  { prompt: 'tl', seed: 1, guidanceScale: 2 },
  { prompt: 'tr', seed: 2, guidanceScale: 4 },
  { prompt: 'bl', seed: 3, guidanceScale: 6 },
  { prompt: 'br', seed: 4, guidanceScale: 8 },
];
const sheet = documentOf({ grid: { rows: 3, cols: 5, corners } });
const text = (value: string): Conditioning => ({ kind: 'text', text: value });

/** The weight of each text in an expression of lerps. */
function weights(of: Conditioning, scale = 1, into: Record<string, number> = {}): Record<string, number> {
  if (of.kind === 'text') into[of.text] = (into[of.text] ?? 0) + scale;
  else if (of.kind === 'mix') for (const term of of.terms) weights(term.of, scale * term.weight, into);
  else if (of.kind === 'blend') {
    weights(of.from, scale * (1 - of.t), into);
    weights(of.to, scale * of.t, into);
  } else assert.fail(of.kind);
  return into;
}

test('cells are row by row with the corners in their places, exact', () => {
  const { rows, cols, cells } = planGrid(sheet, CONTEXT);
  assert.deepEqual([rows, cols, cells.length], [3, 5, 15]);
  const at = (row: number, col: number) => cells[row * cols + col]!;
  assert.deepEqual(
    [at(0, 0).prompt, at(0, 4).prompt, at(2, 0).prompt, at(2, 4).prompt],
    ['tl', 'tr', 'bl', 'br'].map(text),
  );
  assert.deepEqual(at(2, 4).noise, { kind: 'seed', seed: 4 });
  assert.deepEqual(at(0, 1).prompt, {
    kind: 'blend',
    method: 'lerp',
    from: text('tl'),
    to: text('tr'),
    t: 0.25,
  });
});

test('inner cells are bilinear: a blend of the top blend and the bottom blend', () => {
  const { cells } = planGrid(sheet, CONTEXT);
  const cell = cells[1 * 5 + 1]!;
  assert.deepEqual(cell.prompt, {
    kind: 'blend',
    method: 'lerp',
    from: { kind: 'blend', method: 'lerp', from: text('tl'), to: text('tr'), t: 0.25 },
    to: { kind: 'blend', method: 'lerp', from: text('bl'), to: text('br'), t: 0.25 },
    t: 0.5,
  });
  assert.deepEqual(weights(cell.prompt), { tl: 0.375, tr: 0.125, bl: 0.375, br: 0.125 });
  assert.equal(cell.noise.kind, 'blend');
  assert.equal(cell.sampler.guidanceScale, 4.5);
});

test('a corner that leaves a channel out takes the first corner’s; none at all, the timeline’s', () => {
  const document = documentOf({
    keyframes: [{ frame: 0, negativePrompt: 'blurry', steps: 9 }],
    grid: { rows: 2, cols: 2, corners: [{ prompt: 'a' }, { prompt: 'b', seed: 5 }, {}, { prompt: 'c' }] },
  });
  const { cells } = planGrid(document, CONTEXT);
  assert.deepEqual(
    cells.map((cell) => cell.prompt),
    ['a', 'b', 'a', 'c'].map(text),
  );
  for (const cell of cells) {
    assert.deepEqual(cell.noise, { kind: 'seed', seed: 5 });
    assert.deepEqual(cell.negative, text('blurry'));
    assert.equal(cell.sampler.steps, 9);
  }
});

test('a grid of one row, one column or one cell is accepted', () => {
  const of = (rows: number, cols: number): FrameSpec[] => [
    ...planGrid(documentOf({ grid: { rows, cols, corners } }), CONTEXT).cells,
  ];
  assert.deepEqual(
    of(1, 1).map(({ prompt }) => prompt),
    [text('tl')],
  );
  assert.deepEqual(
    of(1, 2).map(({ prompt }) => prompt),
    [text('tl'), text('tr')],
  );
  assert.deepEqual(
    of(2, 1).map(({ prompt }) => prompt),
    [text('tl'), text('bl')],
  );
});

test('fresh noise gives each cell its own', () => {
  const document = documentOf({
    noise: 'fresh',
    grid: { rows: 2, cols: 2, corners: corners.map((corner) => ({ ...corner, seed: 7 })) },
  });
  assert.deepEqual(
    planGrid(document, CONTEXT).cells.map(({ noise }) => noise),
    [7, 8, 9, 10].map((seed) => ({ kind: 'seed', seed })),
  );
});

test('a document without a grid is refused', () => {
  assert.throws(
    () => planGrid(documentOf({ keyframes: [{ frame: 0, prompt: 'a' }] }), CONTEXT),
    /has no grid/,
  );
});

test('a path through the grid becomes keyframes that render the grid’s own points', () => {
  const path = [
    { u: 0, v: 0 },
    { u: 1, v: 0 },
    { u: 0.5, v: 0.5 },
    { u: 1, v: 1 },
  ];
  const keyframes = keyframesFromGridPath(sheet, path, { start: 10, frames: 25 });
  assert.equal(keyframes[0]!.frame, 10);
  assert.equal(keyframes[3]!.frame, 34);
  assert.ok(keyframes.every(({ frame }, at) => at === 0 || frame > keyframes[at - 1]!.frame));
  const timeline = documentOf({ keyframes });
  const { cells } = planGrid(sheet, CONTEXT);
  assert.equal(frameKey(planFrame(timeline, 10, CONTEXT)), frameKey(cells[0]!));
  assert.equal(frameKey(planFrame(timeline, 34, CONTEXT)), frameKey(cells[14]!));
  assert.deepEqual(
    weights(planFrame(timeline, keyframes[2]!.frame, CONTEXT).prompt),
    weights(cells[7]!.prompt),
  );
  assert.equal(keyframes[2]!.guidanceScale, 5);
});

test('a path needs two points and a frame for each', () => {
  assert.throws(() => keyframesFromGridPath(sheet, [{ u: 0, v: 0 }], { frames: 10 }), /two or more/);
  const dot = Array.from({ length: 5 }, () => ({ u: 0.5, v: 0.5 }));
  assert.throws(() => keyframesFromGridPath(sheet, dot, { frames: 4 }), /accepted are 5 to/);
  assert.deepEqual(
    keyframesFromGridPath(sheet, dot, { frames: 5 }).map(({ frame }) => frame),
    [0, 1, 2, 3, 4],
  );
});
