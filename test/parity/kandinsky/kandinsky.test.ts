import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { hashBytes } from '../../../src-shared/kernel/hash.ts';
import type { WeightedImage } from '../../../src-shared/model/channels.ts';
import type { SchedulerName } from '../../../src-shared/model/frame-spec.ts';
import { planFrame } from '../../../src-shared/model/plan.ts';
import type { RgbImage } from '../../../src-main/engine/ports.ts';
import { createHost } from '../../../src-main/host/host.ts';
import { fixtureFolder } from '../fixtures.ts';
import { type NpyArray, readNpy } from '../npy.ts';

/** Kandinsky gives what diffusers' combined pipelines give, and the original samplers what their numbers say. */
const LATENTS_BOUND = 1e-3;
const PICTURE_BOUND = 1 / 255;
/** These go through the command line, each in a process of its own. */
const BY_COMMAND = ['k21-text-ddim-negative', 'k22-inpaint-ddpm', 'original-p-negatives'];

interface KandinskyCase {
  readonly id: string;
  readonly model: string;
  readonly prompt: string;
  readonly negative: string;
  readonly seed: number;
  readonly steps: number;
  readonly guidance: number;
  readonly scheduler: string;
  readonly width: number;
  readonly height: number;
  readonly initImage?: string;
  readonly strength?: number;
  readonly mask?: string;
  readonly images?: readonly WeightedImage[];
  readonly prior_steps: number | string;
  readonly prior_guidance: number;
  readonly prior_negative: string | null;
  readonly eta: number;
  readonly latents: string;
  readonly image: string;
}

const fixtures = await fixtureFolder({
  name: 'kandinsky',
  script: join(import.meta.dirname, 'make_kandinsky_fixtures.py'),
  setting: process.env.INBETWEEN_KANDINSKY_FIXTURES,
});
const cases = JSON.parse(await readFile(join(fixtures, 'cases.json'), 'utf8')) as KandinskyCase[];
const folder = await mkdtemp(join(tmpdir(), 'inbetween-kandinsky-'));
const host = createHost({
  paths: {
    bundledModels: join(folder, 'models'),
    projects: join(folder, 'projects'),
    userModels: join(folder, 'user'),
    cache: join(folder, 'cache'),
    settings: join(folder, 'settings.json'),
    presets: join(folder, 'presets'),
    embeddings: join(folder, 'embeddings'),
  },
  clock: Date.now,
  platform: process.platform,
  provider: 'cpu',
});
after(async () => {
  await host.dispose();
  await rm(folder, { recursive: true, force: true });
});

describe('Kandinsky gives the latents and the picture of the reference', () => {
  for (const one of cases) test(one.id, async (t) => check(t, one, await renderInProcess(one)));
});

describe('The command line gives them as well', () => {
  for (const one of cases.filter(({ id }) => BY_COMMAND.includes(id))) {
    test(one.id, async (t) => check(t, one, await renderByCommand(one)));
  }
});

test('the check before loading finds nothing wrong with the exports', async () => {
  for (const model of new Set(cases.map((one) => one.model))) {
    assert.deepEqual(await host.models.check(join(fixtures, model), folder), []);
  }
});

interface Rendered {
  readonly latents: NpyArray;
  readonly image: RgbImage;
}

async function check(t: TestContext, one: KandinskyCase, { latents, image }: Rendered): Promise<void> {
  const expected = readNpy(await readFile(join(fixtures, one.latents)));
  assert.deepEqual(latents.dims, expected.dims);
  let worst = 0;
  for (const [i, value] of expected.data.entries())
    worst = Math.max(worst, Math.abs(value - (latents.data[i] ?? NaN)));
  assert.ok(worst <= LATENTS_BOUND, `latents differ by ${worst.toExponential(2)}`);
  t.diagnostic(`${one.id}: latents within ${worst.toExponential(1)}`);
  const picture = await readPicture(join(fixtures, one.image));
  assert.equal(`${image.width}x${image.height}`, `${picture.width}x${picture.height}`);
  let sum = 0;
  for (const [i, value] of picture.data.entries()) sum += Math.abs(value - (image.data[i] ?? NaN));
  const mean = sum / picture.data.length / 255;
  assert.ok(mean <= PICTURE_BOUND, `pictures differ by ${mean.toExponential(2)} on average of 1`);
}

async function renderInProcess(one: KandinskyCase): Promise<Rendered> {
  const model = await host.models.load(join(fixtures, one.model), folder);
  const pictures: Record<string, RgbImage> = {};
  const asset = async (file: string): Promise<string> => {
    const key = hashBytes(await readFile(join(fixtures, file)));
    pictures[key] = await readPicture(join(fixtures, file));
    return key;
  };
  const images: WeightedImage[] = [];
  for (const part of one.images ?? []) {
    images.push('asset' in part ? { ...part, asset: await asset(part.asset) } : part);
  }
  const spec = planFrame(
    {
      format: 'inbetween/1',
      name: one.id,
      model: one.model,
      size: { width: one.width, height: one.height },
      fps: 12,
      sampler: {
        scheduler: one.scheduler as SchedulerName,
        steps: one.steps,
        guidanceScale: one.guidance,
        eta: one.eta,
      },
      prior: {
        steps: one.prior_steps,
        guidanceScale: one.prior_guidance,
        ...(one.prior_negative === null ? {} : { negativePrompt: one.prior_negative }),
      },
      keyframes: [
        {
          frame: 0,
          prompt: literal(one.prompt),
          negativePrompt: one.negative,
          seed: one.seed,
          ...(images.length === 0 ? {} : { images }),
          ...(one.initImage === undefined
            ? {}
            : { initImage: await asset(one.initImage), strength: one.strength ?? 1 }),
          ...(one.mask === undefined ? {} : { mask: await asset(one.mask) }),
        },
      ],
    },
    0,
    { fingerprint: model.fingerprint, defaults: model.description.defaults },
  );
  const { latents, image } = await host.renderImage(model, spec, pictures, { wholeAssets: pictures });
  return { latents, image };
}

async function renderByCommand(one: KandinskyCase): Promise<Rendered> {
  const latentsOut = join(folder, `${one.id}.npy`);
  const out = join(folder, `${one.id}.png`);
  const file = (path: string | undefined) => (path === undefined ? undefined : join(fixtures, path));
  const given = [
    ['--model', join(fixtures, one.model)],
    ['--prompt', literal(one.prompt)],
    ['--negative', one.negative],
    ['--seed', one.seed],
    ['--steps', one.steps],
    ['--guidance', one.guidance],
    ['--scheduler', one.scheduler],
    ['--width', one.width],
    ['--height', one.height],
    ['--prior-steps', one.prior_steps],
    ['--prior-guidance', one.prior_guidance],
    ['--prior-negative', one.prior_negative ?? undefined],
    ['--image', file(one.initImage)],
    ['--strength', one.strength],
    ['--mask', file(one.mask)],
    ['--latents-out', latentsOut],
    ['--out', out],
  ].filter(([, value]) => value !== undefined);
  const entry = join(import.meta.dirname, '..', '..', '..', 'src-main', 'cli.ts');
  await promisify(execFile)(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', entry, 'image', ...given.flat().map(String)],
    { env: { ...process.env, INBETWEEN_PROVIDER: 'cpu', INBETWEEN_CACHE_DIR: join(folder, 'cli-cache') } },
  );
  return { latents: readNpy(await readFile(latentsOut)), image: await readPicture(out) };
}

/** The references have no syntax for stress: brackets are letters like any other. */
function literal(prompt: string): string {
  return prompt.replace(/[()[\]]/g, '\\$&');
}

async function readPicture(file: string): Promise<RgbImage> {
  const { data, info } = await sharp(file)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: new Uint8Array(data) };
}
