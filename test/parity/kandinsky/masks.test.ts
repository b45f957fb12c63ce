import assert from 'node:assert/strict';
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fixtureFolder } from '../fixtures.ts';
import { openStudio } from '../rendering.ts';

/** What the command line says of a mask or a picture that a Kandinsky model cannot use: status 2, and what is wrong. */

const fixtures = await fixtureFolder({
  name: 'kandinsky',
  script: join(import.meta.dirname, 'make_kandinsky_fixtures.py'),
  setting: process.env.INBETWEEN_KANDINSKY_FIXTURES,
});
const studio = await openStudio('kandinsky-masks');
const PICTURE = join(fixtures, 'inputs', 'picture-48x32.png');
const MASK = join(fixtures, 'inputs', 'mask-48x32.png');

interface Refusal {
  readonly name: string;
  readonly model: string;
  /** Default: a picture and a mask. */
  readonly given?: readonly ('picture' | 'mask')[];
  readonly scheduler?: string;
  readonly strength?: string;
  readonly steps?: string;
  /** Of `inbetween image`. */
  readonly says: readonly RegExp[];
  /** Of `inbetween render`, where it says it in other words. */
  readonly projectSays?: readonly RegExp[];
}

const ORDINARY = [/has a mask/, /takes 4 channels/, /inpainting model/, /takes 9/];

const UNMASKED = [/inpainting model/, /lacks the mask/];

const REFUSALS: readonly Refusal[] = [
  ...['k21', 'k22-inpaint'].map((model) => ({
    name: `a mask without an initial picture, ${model}`,
    model,
    given: ['mask'] as const,
    says: [/--mask needs --image/],
    projectSays: [/frame 0/i, /mask/, /no initial picture/, /"initImage"/],
  })),
  ...['p_sampler', 'ddim_sampler', 'plms_sampler'].map((scheduler) => ({
    name: `a mask for an ordinary U-Net with ${scheduler}`,
    model: 'k21',
    scheduler,
    says: [...ORDINARY, new RegExp(`"${scheduler}"`), /diffusers' schedulers \(ddim/],
  })),
  {
    name: "a mask for an ordinary U-Net with the original's checkpoints' own sampler",
    model: 'k21-checkpoints',
    scheduler: 'p_sampler',
    says: [...ORDINARY, /"p_sampler"/],
  },
  { name: 'a mask for an ordinary U-Net of 2.0', model: 'k20', scheduler: 'ddim_sampler', says: ORDINARY },
  {
    name: 'an inpainting model that is to start from noise',
    model: 'k21-inpaint',
    given: [],
    says: UNMASKED,
  },
  ...['k20-inpaint', 'k22-inpaint'].map((model) => ({
    name: `a picture without a mask for an inpainting model, ${model}`,
    model,
    given: ['picture'] as const,
    says: UNMASKED,
  })),
  ...['k21', 'k22'].map((model) => ({
    name: `a strength that leaves no step under a mask, ${model}`,
    model,
    strength: '0.1',
    steps: '4',
    says: [/strength of 0\.1/, /4 steps/, /0\.250/],
  })),
  ...['k21-without', 'k22-without'].map((model) => ({
    name: `a mask for a model without an encoder of pictures, ${model.slice(0, 3)}`,
    model,
    says: [/vae_encoder\/model\.onnx/, /masks/],
  })),
];

for (const model of ['k21', 'k22']) {
  await cp(join(fixtures, 'models', model), modelFolder(`${model}-without`), { recursive: true });
  await rm(join(modelFolder(`${model}-without`), 'vae_encoder'), { recursive: true });
}

for (const refusal of REFUSALS) {
  test(`inbetween image refuses ${refusal.name}`, async () => {
    const { given = ['picture', 'mask'], scheduler, strength, steps = '4' } = refusal;
    await assertRefused(refusal.says, [
      'image',
      ...['--model', modelFolder(refusal.model), '--prompt', 'red cat', '--steps', steps],
      ...(given.includes('picture') ? ['--image', PICTURE] : []),
      ...(given.includes('mask') ? ['--mask', MASK] : []),
      ...(scheduler === undefined ? [] : ['--scheduler', scheduler]),
      ...(strength === undefined ? [] : ['--strength', strength]),
      ...['--width', '48', '--height', '32', '--out', join(studio.folder, 'refused.png')],
    ]);
  });
}

// One of each kind: a project goes another way to the same places.
const BY_PROJECT = REFUSALS.filter(
  ({ model, scheduler = 'ddim_sampler' }) =>
    ['k20', 'k21', 'k22-inpaint'].includes(model) && scheduler === 'ddim_sampler',
);
for (const refusal of BY_PROJECT) {
  test(`inbetween render refuses ${refusal.name}`, async () => {
    const { given = ['picture', 'mask'], scheduler, strength = '1', steps = '4' } = refusal;
    const project = join(studio.folder, 'project.json');
    const document = {
      format: 'inbetween/1',
      model: modelFolder(refusal.model),
      size: { width: 48, height: 32 },
      fps: 12,
      sampler: { steps: Number(steps), ...(scheduler === undefined ? {} : { scheduler }) },
      keyframes: [
        {
          frame: 0,
          prompt: 'red cat',
          ...(given.includes('picture') ? { initImage: 'picture.png', strength: Number(strength) } : {}),
          ...(given.includes('mask') ? { mask: 'mask.png' } : {}),
        },
      ],
    };
    await cp(PICTURE, join(studio.folder, 'picture.png'));
    await cp(MASK, join(studio.folder, 'mask.png'));
    await writeFile(project, JSON.stringify(document));
    await assertRefused(refusal.projectSays ?? refusal.says, [
      'render',
      project,
      ...['--out', join(studio.folder, 'refused.gif')],
    ]);
  });
}

async function assertRefused(says: readonly RegExp[], args: readonly string[]): Promise<void> {
  await assert.rejects(studio.run(args), (error: { code: number; stderr: string }) => {
    assert.equal(error.code, 2, error.stderr);
    for (const words of says) assert.match(error.stderr, words);
    return true;
  });
}

function modelFolder(name: string): string {
  return name.endsWith('-without') ? join(studio.folder, name) : join(fixtures, 'models', name);
}
