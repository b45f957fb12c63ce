import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { hashBytes } from '../../src-shared/kernel/hash.ts';
import type { SchedulerName } from '../../src-shared/model/frame-spec.ts';
import { planFrame } from '../../src-shared/model/plan.ts';
import type { RgbImage } from '../../src-main/engine/ports.ts';
import { createHost } from '../../src-main/host/host.ts';
import { parityCases, type ParityCase } from './fixtures.ts';
import { readNpy, type NpyArray } from './npy.ts';

/** The same seed gives the picture that diffusers on torch gives: the promise of DESIGN "Same seed, same picture". */
const LATENTS_BOUND = 1e-3;
const PICTURE_BOUND = 1 / 255;
/** Every so many cases go through the command line, each in a process of its own. */
const COMMAND_LINE_EVERY = 9;

const cases = await parityCases();
const folder = await mkdtemp(join(tmpdir(), 'inbetween-parity-'));
const host = createHost({
  embeddingFiles: [...new Set(cases.flatMap(({ embedding }) => embedding ?? []))],
  paths: {
    bundledModels: join(folder, 'models'),
    projects: join(folder, 'projects'),
    userModels: join(folder, 'user'),
    embeddings: join(folder, 'embeddings'),
    settings: join(folder, 'settings.json'),
    presets: join(folder, 'presets'),
    cache: join(folder, 'cache'),
  },
  clock: Date.now,
  platform: process.platform,
  provider: 'cpu',
});
after(async () => {
  await host.dispose();
  await rm(folder, { recursive: true, force: true });
});

describe('The engine gives the latents and the picture of diffusers', () => {
  for (const one of cases) test(one.id, async (t) => check(t, one, await renderInProcess(one)));
});

describe('The command line gives the latents and the picture of diffusers', () => {
  for (const one of cases.filter((one, i) => i % COMMAND_LINE_EVERY === 0 || one.embedding !== undefined)) {
    test(one.id, async (t) => check(t, one, await renderByCommand(one)));
  }
});

interface Rendered {
  readonly latents: NpyArray;
  readonly image: RgbImage;
}

async function check(t: TestContext, one: ParityCase, { latents, image }: Rendered): Promise<void> {
  const expected = readNpy(await readFile(one.latents));
  assert.deepEqual(latents.dims, expected.dims);
  let worst = 0;
  for (const [i, value] of expected.data.entries())
    worst = Math.max(worst, Math.abs(value - (latents.data[i] ?? NaN)));
  assert.ok(
    worst <= LATENTS_BOUND,
    `latents differ by ${worst.toExponential(2)}; at most ${LATENTS_BOUND} is accepted`,
  );
  t.diagnostic(`${one.id}: latents within ${worst.toExponential(1)}`);
  const picture = await readPicture(one.image);
  assert.equal(`${image.width}x${image.height}`, `${picture.width}x${picture.height}`);
  let sum = 0;
  for (const [i, value] of picture.data.entries()) sum += Math.abs(value - (image.data[i] ?? NaN));
  const mean = sum / picture.data.length / 255;
  assert.ok(mean <= PICTURE_BOUND, `pictures differ by ${mean.toExponential(2)} on average of 1`);
}

async function renderInProcess(one: ParityCase): Promise<Rendered> {
  const model = await host.models.load(one.model, folder);
  const assets: Record<string, RgbImage> = {};
  const asset = async (file: string): Promise<string> => {
    const key = hashBytes(await readFile(file));
    assets[key] = await readPicture(file);
    return key;
  };
  const init =
    one.initImage === undefined ? {} : { initImage: await asset(one.initImage), strength: one.strength ?? 1 };
  const mask = one.mask === undefined ? {} : { mask: await asset(one.mask) };
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
        ...(one.tiled ? { vaeTiling: 'on' } : {}),
      },
      keyframes: [
        {
          frame: 0,
          prompt: literal(one.prompt),
          ...(one.negative === null ? {} : { negativePrompt: one.negative }),
          seed: one.seed,
          ...init,
          ...mask,
        },
      ],
    },
    0,
    {
      fingerprint: model.fingerprint,
      defaults: model.description.defaults,
      // Others' words must not be looked for in prompts that are to be read as they are.
      embeddings: one.embedding === undefined ? [] : model.embeddings,
    },
  );
  const { latents, image } = await host.renderImage(model, spec, assets);
  return { latents, image };
}

async function renderByCommand(one: ParityCase): Promise<Rendered> {
  const latentsOut = join(folder, `${one.id}.npy`);
  const out = join(folder, `${one.id}.png`);
  const given = [
    ['--model', one.model],
    ['--prompt', literal(one.prompt)],
    ['--negative', one.negative ?? undefined],
    ['--seed', one.seed],
    ['--steps', one.steps],
    ['--guidance', one.guidance],
    ['--scheduler', one.scheduler],
    ['--width', one.width],
    ['--height', one.height],
    ['--image', one.initImage],
    ['--strength', one.strength],
    ['--mask', one.mask],
    ['--embedding', one.embedding],
    ['--vae-tiling', one.tiled ? 'on' : undefined],
    ['--latents-out', latentsOut],
    ['--out', out],
  ].filter(([, value]) => value !== undefined);
  const entry = join(import.meta.dirname, '..', '..', 'src-main', 'cli.ts');
  await promisify(execFile)(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', entry, 'image', ...given.flat().map(String)],
    { env: { ...process.env, INBETWEEN_PROVIDER: 'cpu', INBETWEEN_CACHE_DIR: join(folder, 'cli-cache') } },
  );
  return { latents: readNpy(await readFile(latentsOut)), image: await readPicture(out) };
}

/** diffusers has no syntax for stress: brackets are letters like any other. */
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
