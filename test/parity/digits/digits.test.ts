import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { ProjectDocument } from '../../../src-shared/model/document-types.ts';
import { fixtureFolder } from '../fixtures.ts';
import { compare, comparePictures, type Expected, openStudio, readPicture } from '../rendering.ts';

/** A tiny class-conditioned network, exported, against its own DDPM loop in torch: see make_digits_fixtures.py. */
interface DigitsCase {
  readonly id: string;
  readonly label: number;
  /** The class of the next keyframe; null: there is none. */
  readonly other: number | null;
  /** Frames after the first keyframe. */
  readonly at: number;
  readonly seed: number;
  readonly steps: number;
  readonly width: number;
  readonly height: number;
  readonly latents: string;
  readonly image: string;
}

const fixtures = await fixtureFolder({
  name: 'digits',
  script: join(import.meta.dirname, 'make_digits_fixtures.py'),
  setting: process.env.INBETWEEN_DIGITS_FIXTURES,
});
const { walk, cases } = JSON.parse(await readFile(join(fixtures, 'cases.json'), 'utf8')) as {
  readonly walk: number;
  readonly cases: readonly DigitsCase[];
};
const folder = join(fixtures, 'model');
const studio = await openStudio('digits');
const model = await studio.host.models.load(folder, studio.folder);

test('the exported table and U-Net were compared with torch at two shapes or more, and pass the check', async () => {
  const { components } = JSON.parse(await readFile(join(folder, 'inbetween-export.json'), 'utf8')) as {
    components: Record<string, { gates: { sizes: object; maxShare: number; bound: number }[] }>;
  };
  assert.deepEqual(Object.keys(components), ['class_embedding', 'unet']);
  for (const { gates } of Object.values(components)) {
    assert.ok(new Set(gates.map(({ sizes }) => JSON.stringify(sizes))).size >= 2);
    for (const { maxShare, bound } of gates) assert.ok(maxShare <= bound);
  }
  assert.deepEqual(await studio.host.models.check(folder, studio.folder), []);
});

describe('A class, or a blend of two between keyframes, gives the latents and the picture of torch', () => {
  for (const one of cases) {
    test(one.id, async (t) =>
      compare(t, expected(one), await studio.render(model, async () => project(one), { frame: one.at })),
    );
  }
});

test('the command line gives a class the same way', async (t) => {
  const [one] = cases as [DigitsCase];
  const rendered = await studio.renderByCommand(one.id, [
    ['--model', folder],
    ['--prompt', one.label],
    ['--seed', one.seed],
    ['--steps', one.steps],
  ]);
  await compare(t, expected(one), rendered);
});

test('a project whose keyframes are two digits is rendered to the pictures of torch, from one to the other', async () => {
  const blends = cases.filter(({ other }) => other !== null);
  const file = join(studio.folder, 'walk.json');
  await writeFile(file, JSON.stringify(project(blends[0]!)));
  const out = join(studio.folder, 'walk');
  await studio.run(['render', file, '--out', out]);
  const frames = (await readdir(out)).filter((name) => name.endsWith('.png')).sort();
  assert.equal(frames.length, walk + 1);
  const ends = { [`class-${blends[0]!.label}`]: 0, [`class-${blends[0]!.other}`]: walk };
  for (const one of cases) {
    const frame = one.other === null ? ends[one.id] : one.at;
    if (frame === undefined) continue;
    const picture = await readPicture(join(fixtures, one.image));
    comparePictures(picture, await readPicture(join(out, frames[frame]!)));
  }
});

function expected({ id, latents, image }: DigitsCase): Expected {
  return { id, latents: join(fixtures, latents), image: join(fixtures, image) };
}

/** One digit, or two as keyframes. */
function project({ id, label, other, seed, steps, width, height }: DigitsCase): ProjectDocument {
  return {
    format: 'inbetween/1',
    name: id,
    model: folder,
    size: { width, height },
    fps: 5,
    sampler: { scheduler: 'ddpm', steps, guidanceScale: 1 },
    keyframes: [
      { frame: 0, prompt: String(label), seed },
      ...(other === null ? [] : [{ frame: walk, prompt: String(other) }]),
    ],
  };
}
