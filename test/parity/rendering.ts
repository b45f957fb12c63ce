import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import sharp from 'sharp';
import type { RgbImage } from '../../src-main/engine/ports.ts';
import { createHost, type Host } from '../../src-main/host/host.ts';
import type { HostModel } from '../../src-main/host/host-models.ts';
import { hashBytes } from '../../src-shared/kernel/hash.ts';
import type { ProjectDocument } from '../../src-shared/model/document-types.ts';
import { planFrame } from '../../src-shared/model/plan.ts';
import { readNpy, type NpyArray } from './npy.ts';

/** What the README's "Same seed, same picture" allows between a reference and the engine. */
const LATENTS_BOUND = 1e-3;
const PICTURE_BOUND = 1 / 255;

/** Final latents and the picture of a frame. */
export interface Rendered {
  readonly latents: NpyArray;
  readonly image: RgbImage;
}

/** Files of the reference's latents (.npy) and picture. */
export interface Expected {
  readonly id: string;
  readonly latents: string;
  readonly image: string;
}

export interface Studio {
  readonly host: Host;
  /** Emptied when the test file ends. */
  readonly folder: string;
  /**
   * Renders a frame of a document, the first unless told otherwise. It may name pictures by their files.
   * @param choice.words whether the prompts use learned words that are installed
   */
  render(
    model: HostModel,
    document: DocumentOf,
    choice?: { readonly words?: boolean; readonly frame?: number },
  ): Promise<Rendered>;
  /** Runs `inbetween ARGS` on the CPU, in a process of its own. */
  run(args: readonly string[]): Promise<void>;
  /** Renders by `inbetween image`, in a process of its own; flags without a value are left out. */
  renderByCommand(
    id: string,
    flags: readonly (readonly [string, string | number | undefined])[],
  ): Promise<Rendered>;
}

/** A document, given what makes an asset of a file. */
export type DocumentOf = (asset: (file: string) => Promise<string>) => Promise<ProjectDocument>;

/** A host in a folder of its own, with nothing but what the test gives it. */
export async function openStudio(name: string, embeddingFiles: readonly string[] = []): Promise<Studio> {
  const folder = await mkdtemp(join(tmpdir(), `inbetween-${name}-`));
  const host = createHost({
    embeddingFiles: [...embeddingFiles],
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
  const run = async (args: readonly string[]): Promise<void> => {
    const entry = join(import.meta.dirname, '..', '..', 'src-main', 'cli.ts');
    await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', entry, ...args], {
      env: {
        ...process.env,
        INBETWEEN_PROVIDER: 'cpu',
        INBETWEEN_CACHE_DIR: join(folder, 'cli-cache'),
      },
    });
  };
  return {
    host,
    folder,
    run,
    async render(model, documentOf, { words = false, frame = 0 } = {}) {
      const pictures: Record<string, RgbImage> = {};
      const document = await documentOf(async (file) => {
        const key = hashBytes(await readFile(file));
        pictures[key] = await readPicture(file);
        return key;
      });
      const spec = planFrame(document, frame, {
        fingerprint: model.fingerprint,
        defaults: model.description.defaults,
        // Others' words must not be looked for in prompts that are to be read as they are.
        embeddings: words ? model.embeddings : [],
      });
      return host.renderImage(model, spec, pictures, { wholeAssets: pictures });
    },
    async renderByCommand(id, flags) {
      const latentsOut = join(folder, `${id}.npy`);
      const out = join(folder, `${id}.png`);
      const given = [...flags, ['--latents-out', latentsOut], ['--out', out]].filter(
        ([, value]) => value !== undefined,
      );
      await run(['image', ...given.flat().map(String)]);
      return { latents: readNpy(await readFile(latentsOut)), image: await readPicture(out) };
    },
  };
}

/** Latents within 1e-3 of the reference's everywhere, the picture within 1/255 on average. */
export async function compare(
  t: TestContext,
  reference: Expected,
  { latents, image }: Rendered,
): Promise<void> {
  const expected = readNpy(await readFile(reference.latents));
  assert.deepEqual(latents.dims, expected.dims);
  let worst = 0;
  for (const [i, value] of expected.data.entries())
    worst = Math.max(worst, Math.abs(value - (latents.data[i] ?? NaN)));
  assert.ok(
    worst <= LATENTS_BOUND,
    `latents differ by ${worst.toExponential(2)}; at most ${LATENTS_BOUND} is accepted`,
  );
  t.diagnostic(`${reference.id}: latents within ${worst.toExponential(1)}`);
  comparePictures(await readPicture(reference.image), image);
}

/** Within 1/255 on average. */
export function comparePictures(picture: RgbImage, image: RgbImage): void {
  assert.equal(`${image.width}x${image.height}`, `${picture.width}x${picture.height}`);
  let sum = 0;
  for (const [i, value] of picture.data.entries()) sum += Math.abs(value - (image.data[i] ?? NaN));
  const mean = sum / picture.data.length / 255;
  assert.ok(mean <= PICTURE_BOUND, `pictures differ by ${mean.toExponential(2)} on average of 1`);
}

/** The references have no syntax for stress: brackets are letters like any other. */
export function literal(prompt: string): string {
  return prompt.replace(/[()[\]]/g, '\\$&');
}

export async function readPicture(file: string): Promise<RgbImage> {
  const { data, info } = await sharp(file)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: new Uint8Array(data) };
}
