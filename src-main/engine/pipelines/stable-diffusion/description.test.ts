import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '../../../../src-shared/kernel/errors.ts';
import { readComponents, readModelFiles, TINY_SD, tinySd } from '../../../../test/support/model-folder.ts';
import { describeModel as describeAny } from '../families.ts';
import type { StableDiffusionModel } from './description.ts';

const FILES = {
  'model_index.json': JSON.stringify({ _class_name: 'StableDiffusionPipeline' }),
  'unet/config.json': JSON.stringify({
    in_channels: 4,
    sample_size: 96,
    cross_attention_dim: 1024,
    block_out_channels: [320, 640, 1280, 1280],
  }),
  'vae_decoder/config.json': JSON.stringify({
    block_out_channels: [128, 256, 512, 512],
    scaling_factor: 0.18215,
  }),
  'text_encoder/config.json': JSON.stringify({
    max_position_embeddings: 77,
    num_hidden_layers: 23,
    hidden_size: 1024,
  }),
  'scheduler/scheduler_config.json': JSON.stringify({ _class_name: 'EulerDiscreteScheduler' }),
};
const describeModel = (...folder: Parameters<typeof describeAny>): StableDiffusionModel =>
  describeAny(...folder) as StableDiffusionModel;

const COMPONENTS = { text_encoder: true, unet: true, vae_decoder: true, vae_encoder: true };

function failure(run: () => unknown): AppError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof AppError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'nothing was thrown' });
}

const withUnet = (unet: object) => ({ ...FILES, 'unet/config.json': JSON.stringify(unet) });

test('a Stable Diffusion 2 folder gives its native size, multiples and scheduler', () => {
  const model = describeModel(FILES, COMPONENTS);
  assert.deepEqual(model.nativeSize, { width: 768, height: 768 });
  assert.equal(model.sizeMultiple, 64);
  assert.equal(model.scheduler.name, 'euler');
  assert.equal(model.encoders[0]?.width, 1024);
  assert.equal(model.vae.shiftFactor, 0);
  assert.equal(model.inpainting, 'blend');
  assert.deepEqual(model.defaults, {
    steps: 50,
    guidanceScale: 7.5,
    scheduler: 'euler',
    width: 768,
    height: 768,
  });
});

test('a U-Net that takes latents of any size leaves the multiples of a latent cell', () => {
  const unet = { in_channels: 4, sample_size: 50, block_out_channels: [8, 8, 8], inbetween_any_size: true };
  const { sizeMultiple, defaults } = describeModel(withUnet(unet), COMPONENTS);
  assert.deepEqual([sizeMultiple, defaults.width], [8, 400]);
});

test('a native size that the U-Net does not take is rounded up to one that it does', () => {
  const unet = { in_channels: 4, sample_size: [50, 96], block_out_channels: [320, 640, 1280, 1280] };
  const { width, height } = describeModel(withUnet(unet), COMPONENTS).defaults;
  assert.deepEqual([width, height], [768, 448]);
});

test('a folder on disk is read without configs that the early ONNX script did not write', () => {
  const model = tinySd();
  assert.equal(model.className, 'OnnxStableDiffusionPipeline');
  assert.equal(model.scheduler.name, 'ddim');
  assert.deepEqual(model.nativeSize, { width: 64, height: 64 });
  const files: Record<string, string | undefined> = readModelFiles(TINY_SD);
  for (const path of Object.keys(files)) if (path.endsWith('/config.json')) files[path] = undefined;
  const bare = describeModel(files, readComponents(TINY_SD));
  assert.deepEqual(bare.nativeSize, { width: 512, height: 512 });
  assert.equal(bare.vae.scalingFactor, 0.18215);
});

test('all missing files are named at once', () => {
  const error = failure(() =>
    describeModel({ 'model_index.json': FILES['model_index.json'] }, { text_encoder: true, unet: false }),
  );
  assert.equal(error.code, 'invalid-model');
  for (const path of [
    'unet/model.onnx',
    'vae_decoder/model.onnx',
    'unet/config.json',
    'scheduler/scheduler_config.json',
  ]) {
    assert.match(error.message, new RegExp(path.replaceAll('.', '\\.')));
  }
});

test('an unknown pipeline class is refused by name, with what is accepted', () => {
  for (const name of ['StableDiffusion3Pipeline', 'FluxPipeline', '']) {
    const error = failure(() =>
      describeModel({ ...FILES, 'model_index.json': JSON.stringify({ _class_name: name }) }, COMPONENTS),
    );
    assert.match(error.message, new RegExp(`"${name}"`));
    assert.match(error.message, /StableDiffusionPipeline/);
  }
});

test('broken JSON, odd channels and odd sizes name file and value', () => {
  assert.match(
    failure(() => describeModel({ ...FILES, 'unet/config.json': '{' }, COMPONENTS)).message,
    /unet\/config/,
  );
  assert.match(
    failure(() => describeModel(withUnet({ in_channels: 5 }), COMPONENTS)).message,
    /5 input channels/,
  );
  assert.match(failure(() => describeModel(withUnet({ sample_size: 'big' }), COMPONENTS)).message, /"big"/);
});

test('a scheduler that is not here is refused by name, with what is accepted, also where another is named alike', () => {
  for (const name of ['IPNDMScheduler', 'DPMSolverSDEScheduler', '']) {
    const scheduler = { 'scheduler/scheduler_config.json': JSON.stringify({ _class_name: name }) };
    const { code, message } = failure(() => describeModel({ ...FILES, ...scheduler }, COMPONENTS));
    assert.equal(code, 'invalid-model');
    assert.match(message, new RegExp(`"${name}", which is not supported. Accepted: .*DDIMScheduler`));
  }
});

test('nine input channels make an inpainting model, and a model without encoder takes no pictures', () => {
  assert.equal(describeModel(withUnet({ in_channels: 9 }), COMPONENTS).inpainting, 'channels');
  const blind = describeModel(FILES, { ...COMPONENTS, vae_encoder: false });
  assert.equal(blind.inpainting, 'none');
  assert.equal(blind.imageToImage, false);
});

test('a latent consistency model and a folder of our own bring their defaults', () => {
  const lcm = describeModel(
    {
      ...FILES,
      'model_index.json': JSON.stringify({ _class_name: 'ORTLatentConsistencyModelPipeline' }),
      'unet/config.json': JSON.stringify({ in_channels: 4, time_cond_proj_dim: 256 }),
    },
    COMPONENTS,
  );
  assert.equal(lcm.defaults.steps, 4);
  assert.equal(lcm.unet.timeCondDim, 256);
  const own = {
    title: 'Toys',
    license: 'MIT',
    defaults: { steps: 15, guidanceScale: 4, scheduler: 'dpm++2m' },
  };
  const model = describeModel({ ...FILES, 'inbetween.json': JSON.stringify(own) }, COMPONENTS);
  assert.equal(model.title, 'Toys');
  assert.deepEqual(model.defaults, {
    steps: 15,
    guidanceScale: 4,
    scheduler: 'dpm++2m',
    width: 768,
    height: 768,
  });
  const odd = { defaults: { width: 100 } };
  assert.match(
    failure(() => describeModel({ ...FILES, 'inbetween.json': JSON.stringify(odd) }, COMPONENTS)).message,
    /multiples of 64/,
  );
});
