import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { python } from '../../../scripts/python-env.ts';
import type { Json } from '../../../src-shared/kernel/canonical-json.ts';
import type { WeightedImage } from '../../../src-shared/model/channels.ts';
import type { SchedulerName } from '../../../src-shared/model/frame-spec.ts';
import { fixtureFolder } from '../fixtures.ts';
import { compare, type Expected, literal, openStudio, type Rendered } from '../rendering.ts';

/**
 * Kandinsky gives what diffusers' combined pipelines give, and the original samplers (of 2.0 and 2.1) what their numbers
 * say.
 */

/** These go through the command line, each in a process of its own. */
const BY_COMMAND = [
  'k21-text-ddim-negative',
  'k22-inpaint-ddpm',
  'k21-mask-learned',
  'k22-mask-ddim-04',
  'k22-text-prior-negative',
  'original-p-negatives',
  'k20-ddim-eta',
  'k20-cropped',
  'k20-ddim-image-large',
  'original-learned-word-p',
];

interface KandinskyCase {
  readonly id: string;
  readonly model: string;
  readonly prompt: string;
  /** Null: none is given. */
  readonly negative: string | null;
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
  readonly embedding?: string;
  readonly prior_steps: number | string;
  readonly prior_guidance: number;
  readonly prior_negative: string | null;
  readonly eta: number;
  readonly overrides: { readonly [key: string]: Json };
  readonly latents: string;
  readonly image: string;
}

const fixtures = await fixtureFolder({
  name: 'kandinsky',
  script: join(import.meta.dirname, 'make_kandinsky_fixtures.py'),
  setting: process.env.INBETWEEN_KANDINSKY_FIXTURES,
});
const cases = JSON.parse(await readFile(join(fixtures, 'cases.json'), 'utf8')) as KandinskyCase[];
const studio = await openStudio('kandinsky', [
  ...new Set(cases.flatMap(({ embedding }) => (embedding === undefined ? [] : [join(fixtures, embedding)]))),
]);
const isSecondZero = (one: KandinskyCase): boolean => one.model.includes('k20');

describe('Kandinsky gives the latents and the picture of the reference', () => {
  for (const one of cases) test(one.id, async (t) => compare(t, expected(one), await renderInProcess(one)));
});

describe('The command line gives them as well', () => {
  for (const one of cases.filter(({ id }) => BY_COMMAND.includes(id))) {
    test(one.id, async (t) => compare(t, expected(one), await renderByCommand(one)));
  }
});

test('the check before loading finds nothing wrong with the exports', async () => {
  for (const model of new Set(cases.map((one) => one.model))) {
    assert.deepEqual(await studio.host.models.check(join(fixtures, model), studio.folder), []);
  }
});

test('a checkpoint that holds code is refused, and the code does not run', async () => {
  const source = join(studio.folder, 'code');
  const marker = join(studio.folder, 'code-ran');
  await cp(join(fixtures, 'source', 'k20'), source, { recursive: true });
  const [command, program] = ['posix\nsystem', `touch '${marker}'`];
  await writeFile(
    join(source, 'text_encoder1', 'pytorch_model.bin'),
    `c${command}\n(S${JSON.stringify(program)}\ntR.`,
  );
  const exporter = join(import.meta.dirname, '..', '..', '..', 'models', 'export', 'export.py');
  const out = join(studio.folder, 'exported');
  const failed = promisify(execFile)(await python(), [exporter, '--source', source, '--out', out]);
  await assert.rejects(failed, (error: { code: number; stderr: string }) => {
    assert.equal(error.code, 2, error.stderr);
    assert.match(error.stderr, /pytorch_model\.bin is not a checkpoint of tensors alone/);
    return true;
  });
  assert.deepEqual([existsSync(marker), existsSync(out)], [false, false]);
});

function expected({ id, latents, image }: KandinskyCase): Expected {
  return { id, latents: join(fixtures, latents), image: join(fixtures, image) };
}

async function renderInProcess(one: KandinskyCase): Promise<Rendered> {
  const model = await studio.host.models.load(join(fixtures, one.model), studio.folder);
  return studio.render(
    model,
    async (assetOf) => {
      const asset = (file: string): Promise<string> => assetOf(join(fixtures, file));
      const images: WeightedImage[] = [];
      for (const part of one.images ?? []) {
        images.push('asset' in part ? { ...part, asset: await asset(part.asset) } : part);
      }
      return {
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
          overrides: one.overrides,
        },
        ...(isSecondZero(one)
          ? {}
          : {
              prior: {
                steps: one.prior_steps,
                guidanceScale: one.prior_guidance,
                ...(one.prior_negative === null ? {} : { negativePrompt: one.prior_negative }),
              },
            }),
        keyframes: [
          {
            frame: 0,
            prompt: literal(one.prompt),
            ...(one.negative === null ? {} : { negativePrompt: one.negative }),
            seed: one.seed,
            ...(images.length === 0 ? {} : { images }),
            ...(one.initImage === undefined
              ? {}
              : { initImage: await asset(one.initImage), strength: one.strength ?? 1 }),
            ...(one.mask === undefined ? {} : { mask: await asset(one.mask) }),
          },
        ],
      };
    },
    { words: one.embedding !== undefined },
  );
}

function renderByCommand(one: KandinskyCase): Promise<Rendered> {
  const file = (path: string | undefined) => (path === undefined ? undefined : join(fixtures, path));
  const prior = isSecondZero(one)
    ? []
    : ([
        ['--prior-steps', one.prior_steps],
        ['--prior-guidance', one.prior_guidance],
        ['--prior-negative', one.prior_negative ?? undefined],
      ] as const);
  return studio.renderByCommand(one.id, [
    ['--model', join(fixtures, one.model)],
    ['--prompt', literal(one.prompt)],
    ['--negative', one.negative ?? undefined],
    ['--seed', one.seed],
    ['--steps', one.steps],
    ['--guidance', one.guidance],
    ['--scheduler', one.scheduler],
    ['--eta', one.eta],
    ['--width', one.width],
    ['--height', one.height],
    ...prior,
    ['--image', file(one.initImage)],
    ['--strength', one.strength],
    ['--mask', file(one.mask)],
    ['--embedding', file(one.embedding)],
  ]);
}
