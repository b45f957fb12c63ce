import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type FrameSpec, type SchedulerName } from '../../../../src-shared/model/frame-spec.ts';
import { float32Of, toyOutput } from '../../../../test/support/scheduler-replay.ts';
import type { SchedulerConfig } from '../../schedulers/scheduler.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { openNoise } from '../noise-stream.ts';
import { describeKandinsky, type KandinskyModel } from './description.ts';
import { batchKey } from './pipeline.ts';
import { startSampling, type Sampling } from './sampling.ts';
import type { StartPicture } from './start.ts';

/** As test/goldens/mask_loop_goldens.py writes it. */
interface MaskCase {
  readonly release: '2.1' | '2.2';
  readonly config: string;
  readonly scheduler: SchedulerName;
  readonly steps: number;
  readonly strength: number;
  readonly guidance: number;
  readonly seed: number;
  readonly dims: readonly [number, number, number, number];
  readonly known: string;
  /** A digit a cell: 1 keeps. */
  readonly keep: string;
  readonly timesteps: string;
  readonly halfway: string;
  readonly final: string;
}

const { configs, cases } = JSON.parse(
  readFileSync(new URL('../../../../test/goldens/mask-loop.json', import.meta.url), 'utf8'),
) as { configs: Record<string, SchedulerConfig>; cases: readonly MaskCase[] };

/** What differs is the last digit of float32 roots and logarithms, in latents that reach 20. */
const TOLERANCE = 2e-4;
const FACTOR = 8;
const WIDTH = 4;

function modelOf(
  version: KandinskyModel['version'],
  config: SchedulerConfig,
  inChannels = 4,
): KandinskyModel {
  const told = { '2.0': 'text_text', '2.1': 'text_image', '2.2': 'image' }[version];
  const row = Array<number>(WIDTH).fill(0);
  const files = {
    'unet/config.json': { addition_embed_type: told, in_channels: inChannels, block_out_channels: [32, 64] },
    'vae_decoder/config.json': { latent_channels: 4, block_out_channels: [32, 64, 64, 64] },
    'scheduler/scheduler_config.json': { _class_name: 'DDPMScheduler', ...config },
    'prior/config.json': { embedding_dim: WIDTH, clip_mean: row, clip_std: row, zero_image_embedding: row },
    'prior_scheduler/scheduler_config.json': { _class_name: 'UnCLIPScheduler' },
  };
  const graphs = ['text_encoder', 'text_encoder_2', 'unet', 'vae_decoder', 'vae_encoder', 'prior'];
  return describeKandinsky(
    {
      files: Object.fromEntries(Object.entries(files).map(([path, value]) => [path, JSON.stringify(value)])),
      components: Object.fromEntries([...graphs, 'prior_text_encoder'].map((name) => [name, true])),
    },
    'KandinskyPipeline',
    version,
  );
}

function specOf(changes: Partial<MaskCase>): FrameSpec {
  const { scheduler = 'ddim', steps = 8, guidance = 1, seed = 1632, strength = 0.8 } = changes;
  const [, , rows, columns] = changes.dims ?? [1, 4, 8, 8];
  return {
    version: 1,
    model: 'toy',
    width: columns * FACTOR,
    height: rows * FACTOR,
    prompt: { kind: 'text', text: '' },
    negative: { kind: 'text', text: '' },
    text: { clipSkip: 0, longPrompts: 'truncate' },
    noise: { kind: 'seed', seed },
    sampler: { scheduler, overrides: {}, steps, guidanceScale: guidance, guidanceRescale: 0, eta: 0 },
    init: { asset: 'picture', strength },
    mask: 'mask',
  };
}

function pictureOf({ known, keep, dims }: MaskCase): StartPicture {
  return { latents: { dims, data: float32Of(known) }, keep: Float32Array.from(keep, Number) };
}

/** One evaluation with the toy model, guided as the golden script guides it. */
function advance(sampling: Sampling, guided: boolean, variance: unknown): void {
  const [x, t] = [sampling.input(), sampling.timestep];
  sampling.advance({
    conditional: toyOutput(x, t, variance),
    unconditional: guided ? toyOutput(x, t / 2, variance) : null,
  });
}

function near(actual: Tensor, expected: string, what: string): void {
  const values = float32Of(expected);
  assert.equal(actual.data.length, values.length, what);
  for (const [i, value] of actual.data.entries()) {
    const allowed = TOLERANCE * Math.max(1, Math.abs(values[i]!));
    assert.ok(Math.abs(value - values[i]!) <= allowed, `${what}, value ${i}: ${value} is not ${values[i]}`);
  }
}

for (const one of cases) {
  const name = `${one.release}, ${one.scheduler}, ${one.steps} steps, strength ${one.strength}`;
  test(`an ordinary U-Net of Kandinsky repaints as diffusers' pieces do: ${name}`, () => {
    const config = configs[one.config]!;
    const model = modelOf(one.release, config);
    assert.equal(model.inpainting, 'blend');
    const variance = one.scheduler === 'ddpm' ? config.variance_type : undefined;
    const sampling = startSampling(
      model,
      specOf(one),
      pictureOf(one),
      openNoise({ kind: 'seed', seed: one.seed }),
    );
    const expected = float32Of(one.timesteps);
    assert.equal(sampling.evaluations, expected.length);
    for (let i = 0; i < sampling.evaluations; i++) {
      assert.ok(Math.abs(sampling.timestep - expected[i]!) <= 1e-3, `timestep ${i}: ${sampling.timestep}`);
      advance(sampling, one.guidance > 1, variance);
      if (i === Math.floor(sampling.evaluations / 2)) near(sampling.latents, one.halfway, 'half way');
    }
    near(sampling.latents, one.final, 'the final latents');
    const { latents, keep } = pictureOf(one);
    for (const [i, value] of sampling.latents.data.entries()) {
      if (keep![i % keep!.length] === 1) assert.equal(value, latents.data[i], `kept cell ${i}`);
    }
  });
}

test('whatever the scheduler, Kandinsky 2.1 is shown a picture at the noise level of its own table', () => {
  const one = cases.find(({ release, strength }) => release === '2.1' && strength < 1)!;
  for (const mask of ['mask', null]) {
    const inputOf = (scheduler: SchedulerName): Tensor => {
      const spec = { ...specOf({ ...one, scheduler, steps: 20, strength: 0.5 }), mask };
      const picture = mask === null ? { ...pictureOf(one), keep: null } : pictureOf(one);
      return startSampling(modelOf('2.1', configs['2.1']!), spec, picture, openNoise(spec.noise)).input();
    };
    const expected = inputOf('ddim').data;
    for (const scheduler of ['dpm++2m', 'euler', 'euler_a', 'lms', 'heun'] as const) {
      for (const [i, value] of inputOf(scheduler).data.entries()) {
        assert.ok(Math.abs(value - expected[i]!) <= 1e-6, `${scheduler}, value ${i}: ${value}`);
      }
    }
  }
});

test('frames share a batch where they run the same timesteps', () => {
  const key = (model: KandinskyModel, changes: Partial<FrameSpec>): string =>
    batchKey(model, { ...specOf({}), ...changes });
  const at = (strength: number): Partial<FrameSpec> => ({ init: { asset: 'picture', strength } });
  for (const version of ['2.1', '2.2'] as const) {
    const config = configs[version]!;
    const ordinary = modelOf(version, config);
    assert.notEqual(key(ordinary, at(0.5)), key(ordinary, at(0.7)));
    assert.equal(key(ordinary, at(0.5)), key(ordinary, { ...at(0.5), mask: null }));
    // Told of the mask, the U-Net starts from noise alone, whatever the strength.
    const inpainting = modelOf(version, config, 9);
    assert.equal(key(inpainting, at(0.5)), key(inpainting, at(0.7)));
    const evaluations = [0.5, 0.7, 1].map((strength) => {
      const spec = specOf({ strength });
      const picture = pictureOf(cases.find(({ dims }) => dims[2] === 8 && dims[3] === 8)!);
      return startSampling(inpainting, spec, picture, openNoise(spec.noise)).schedule.timesteps;
    });
    assert.deepEqual(evaluations[0], evaluations[2]);
    assert.deepEqual(evaluations[1], evaluations[2]);
  }
});
