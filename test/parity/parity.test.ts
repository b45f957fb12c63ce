import { describe, test } from 'node:test';
import type { SchedulerName } from '../../src-shared/model/frame-spec.ts';
import { parityCases, type ParityCase } from './fixtures.ts';
import { compare, literal, openStudio, type Rendered } from './rendering.ts';

/** The same seed gives the picture that diffusers on torch gives: the promise of DESIGN "Same seed, same picture". */

/** Every so many cases go through the command line, each in a process of its own. */
const COMMAND_LINE_EVERY = 9;

const cases = await parityCases();
const studio = await openStudio('parity', [...new Set(cases.flatMap(({ embedding }) => embedding ?? []))]);

describe('The engine gives the latents and the picture of diffusers', () => {
  for (const one of cases) test(one.id, async (t) => compare(t, one, await renderInProcess(one)));
});

describe('The command line gives the latents and the picture of diffusers', () => {
  for (const one of cases.filter((one, i) => i % COMMAND_LINE_EVERY === 0 || one.embedding !== undefined)) {
    test(one.id, async (t) => compare(t, one, await renderByCommand(one)));
  }
});

async function renderInProcess(one: ParityCase): Promise<Rendered> {
  const model = await studio.host.models.load(one.model, studio.folder);
  return studio.render(
    model,
    async (asset) => ({
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
          ...(one.initImage === undefined
            ? {}
            : { initImage: await asset(one.initImage), strength: one.strength ?? 1 }),
          ...(one.mask === undefined ? {} : { mask: await asset(one.mask) }),
        },
      ],
    }),
    { words: one.embedding !== undefined },
  );
}

function renderByCommand(one: ParityCase): Promise<Rendered> {
  return studio.renderByCommand(one.id, [
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
  ]);
}
