import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { clipPicture } from '../../../src-main/engine/clip/clip-picture.ts';
import { readPreprocessor } from '../../../src-main/engine/clip/preprocessor.ts';
import { contrastiveLoss, ranking, unitRows } from '../../../src-main/engine/clip/scores.ts';
import { decodeImage } from '../../../src-main/host/render/frame-codec.ts';
import { commandLine } from '../../support/command-line.ts';
import { startEngine } from '../../support/model-engine.ts';
import { fixtureFolder } from '../fixtures.ts';
import { readNpy } from '../npy.ts';

/** A tiny CLIP with random weights, exported, against transformers: see make_clip_fixtures.py. */
const EMBEDDING_BOUND = 1e-4;
const PIXEL_BOUND = 1e-6;
/** One of 255 units after normalising; see VERY_TALL in make_clip_fixtures.py. */
const PIXEL_UNIT = 0.0152;
const SCORE_BOUND = 1e-4;

interface ClipCases {
  readonly texts: readonly string[];
  readonly classes: readonly string[];
  readonly templates: readonly string[];
  readonly pictures: number;
  readonly scale: number;
  readonly similarity: readonly (readonly number[])[];
  readonly probabilities: readonly (readonly number[])[];
  readonly lambda: number;
  readonly loss: { readonly pictureToText: number; readonly textToPicture: number; readonly total: number };
}

const fixtures = await fixtureFolder({
  name: 'clip',
  script: join(import.meta.dirname, 'make_clip_fixtures.py'),
  setting: process.env.INBETWEEN_CLIP_FIXTURES,
});
const cases = JSON.parse(await readFile(join(fixtures, 'cases.json'), 'utf8')) as ClipCases;
const model = join(fixtures, 'model');
const fileOf = (i: number): string => join(fixtures, 'pictures', `${i}.png`);
const read = async (file: string) => decodeImage(await readFile(file), file);
const files = Array.from({ length: cases.pictures }, (_, i) => fileOf(i));
const pictures = await Promise.all(files.map(read));

test('pictures are scaled, cropped and normalised as the processor of transformers does it', async () => {
  const path = 'image_processor/preprocessor_config.json';
  const preprocessor = readPreprocessor({ [path]: await readFile(join(model, path), 'utf8') }, path, 224);
  for (const [i, picture] of [...pictures, await read(fileOf(cases.pictures))].entries()) {
    const expected = readNpy(await readFile(join(fixtures, 'pixels', `${i}.npy`)));
    const made = clipPicture(picture, preprocessor);
    assert.deepEqual(made.dims, expected.dims);
    assert.ok(
      largestDifference(made.data, expected.data) <= (i < cases.pictures ? PIXEL_BOUND : PIXEL_UNIT),
      `picture ${i}`,
    );
  }
});

test('embeddings of texts and pictures are those of transformers', async (context) => {
  const engine = startEngine();
  context.after(() => engine.dispose());
  const made = await engine.embed(model, cases.texts, pictures);
  for (const [name, tensor] of [
    ['text_embeds', made.texts],
    ['image_embeds', made.pictures],
  ] as const) {
    const expected = readNpy(await readFile(join(fixtures, `${name}.npy`)));
    assert.deepEqual(tensor.dims, expected.dims);
    const unit = unitRows(tensor).flat();
    assert.ok(largestDifference(unit, expected.data) <= EMBEDDING_BOUND, name);
  }
  assert.deepEqual(made.cut, {});
});

test('the contrastive loss is that of torch', () => {
  const loss = contrastiveLoss(cases.similarity, cases.scale, cases.lambda);
  for (const part of ['pictureToText', 'textToPicture', 'total'] as const) {
    assert.ok(Math.abs(loss[part] - cases.loss[part]) <= 1e-5, part);
  }
});

test('pictures are ranked, classified with templates and contrasted by the command line', async (context) => {
  const cli = commandLine(context);
  const [prompt] = cases.texts as [string];
  const run = async <Answer>(...args: string[]): Promise<Answer> => {
    const { status, stdout, stderr } = await cli.run([...args, '--clip', model, '--json']);
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout) as Answer;
  };

  const ranked = await run<{ ranking: { rank: number; picture: string; similarity: number }[] }>(
    'rank',
    ...files,
    '--prompt',
    prompt,
  );
  const scores = cases.similarity.map((row) => row[0] as number);
  assert.deepEqual(
    ranked.ranking.map(({ picture }) => picture),
    ranking(scores).map((i) => files[i]),
  );
  for (const { picture, similarity } of ranked.ranking) {
    assert.ok(Math.abs(similarity - scores[files.indexOf(picture)]!) <= SCORE_BOUND);
  }

  const { results } = await run<{ results: { label: string; probabilities: Record<string, number> }[] }>(
    'classify',
    ...files,
    '--labels',
    cases.classes.join(', '),
    '--template',
    ...cases.templates,
  );
  for (const [i, { label, probabilities }] of results.entries()) {
    const expected = cases.probabilities[i]!;
    assert.ok(largestDifference(Object.values(probabilities), expected) <= SCORE_BOUND, `picture ${i}`);
    assert.equal(label, cases.classes[ranking(expected)[0]!]);
  }

  const contrast = await run<{ similarity: number[][]; loss: ClipCases['loss'] }>(
    'contrast',
    ...files,
    '--text',
    ...cases.texts,
    '--lambda',
    `${cases.lambda}`,
  );
  assert.ok(largestDifference(contrast.similarity.flat(), cases.similarity.flat()) <= SCORE_BOUND);
  assert.ok(Math.abs(contrast.loss.total - cases.loss.total) <= 1e-3);
});

test('a CLIP folder is checked as one, and is refused where pictures are to be made', async (context) => {
  const cli = commandLine(context);
  assert.equal((await cli.run(['models', 'check', model])).status, 0);
  const image = await cli.run(['image', '--model', model, '--prompt', 'cat', '--out', 'cat.png']);
  assert.equal(image.status, 2);
  assert.match(image.stderr, /is a CLIP: it compares pictures with words and makes none/);

  const folder = await mkdtemp(join(tmpdir(), 'inbetween-clip-'));
  after(() => rm(folder, { recursive: true, force: true }));
  await cp(model, folder, { recursive: true });
  await rm(join(folder, 'vision_model', 'model.onnx'));
  await writeFile(join(folder, 'tokenizer', 'tokenizer.json'), '{}');
  const check = await cli.run(['models', 'check', folder, '--json']);
  assert.equal(check.status, 2);
  assert.match(check.stdout, /vision_model\/model\.onnx is missing/);

  const rank = await cli.run(['rank', files[0]!, '--prompt', 'cat', '--clip', folder]);
  assert.equal(rank.status, 2);
  assert.match(rank.stderr, /lacks vision_model\/model\.onnx/);
  const template = ['classify', files[0]!, '--labels', 'cat,dog', '--template', 'a cat', '--clip', model];
  assert.match((await cli.run(template)).stderr, /The template "a cat" has no \{\}/);
});

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}
