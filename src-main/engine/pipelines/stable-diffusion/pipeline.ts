import { AppError, throwIfCancelled } from '../../../../src-shared/kernel/errors.ts';
import type { FrameSpec } from '../../../../src-shared/model/frame-spec.ts';
import type { FrameNote, RenderHooks, SessionSource } from '../../ports.ts';
import type { LearnedToken } from '../../embedding-files/read-embedding.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import type { Tokenizer } from '../../tokenizers/tokenizer.ts';
import { batchKey, isGuided } from './batch-key.ts';
import type { StableDiffusionModel } from './description.ts';
import { denoise, requireMultiples, requireOneBatch } from '../denoising-loop.ts';
import { type NoiseStream, openNoise } from '../noise-stream.ts';
import { binaryMask, maskOnLatents, pictureOf, pictureToTensor, withoutMasked } from '../picture.ts';
import type { FrameConditioning, FrameInput, Pipeline, Sample } from '../pipeline.ts';
import { conditionOf, usedTexts } from './conditioning.ts';
import { createPromptEncoder, type PromptEncoder } from './prompt-encoding.ts';
import {
  type InitLatents,
  notesOf,
  planSteps,
  scheduleOf,
  type StepPlan,
  startSampling,
} from './sampling.ts';
import { timeIds } from './time-ids.ts';
import { openDenoiser } from './unet.ts';
import { decodeLatents, encodePicture } from '../vae.ts';

/**
 * Stable Diffusion 1.x, 2.x and XL, their inpainting models, and latent consistency models, from a diffusers-style ONNX
 * folder. Numbers follow diffusers 0.42 (pipeline_stable_diffusion and _xl, _img2img, _inpaint) with a CPU generator.
 */
export function createStableDiffusion(
  source: SessionSource,
  model: StableDiffusionModel,
  tokenizers: readonly Tokenizer[],
): Pipeline {
  const learned = new Map<string, LearnedToken>();
  const prompts = createPromptEncoder(source, model, tokenizers, (file) => learned.get(file));
  return {
    model,
    promptTokens: prompts.tokens,
    batchKey: (spec) => batchKey(model, spec),
    sample(inputs, hooks) {
      for (const input of inputs) {
        for (const [file, token] of Object.entries(input.learned ?? {})) learned.set(file, token);
      }
      return sample(source, model, prompts, inputs, hooks);
    },
    decode: (latents, spec) => decodeLatents(source, model.vae, latents, spec?.vaeTiling === true),
    ...(source.has('vae_encoder')
      ? {
          encode: (picture) =>
            encodePicture(source, model.vae, { picture: pictureToTensor(picture), draw: zeros }),
        }
      : {}),
  };
}

async function sample(
  source: SessionSource,
  model: StableDiffusionModel,
  prompts: PromptEncoder,
  inputs: readonly FrameInput[],
  hooks: RenderHooks,
): Promise<Sample[]> {
  const [first] = inputs;
  if (first === undefined) return [];
  for (const { spec } of inputs) checkSpec(model, spec);
  requireOneBatch(
    inputs.map(({ spec }) => spec),
    (spec) => batchKey(model, spec),
  );
  const { width, height } = first.spec;
  const conditionings: FrameConditioning[] = [];
  for (const [frame, { spec, encodings }] of inputs.entries()) {
    const guided = isGuided(model, spec);
    const { texts, conditioning } = await conditionOf(model, spec, guided, encodings, {
      encode(text, settings) {
        throwIfCancelled(hooks.signal, 'The frame');
        return prompts.encode(text, settings);
      },
    });
    await hooks.observer?.conditioned?.({ frame, texts, conditioning });
    conditionings.push(conditioning);
  }
  const plans = inputs.map(({ spec }) => planSteps(model, spec));
  const streams = inputs.map(({ spec }) => openNoise(spec.noise));
  const starts: InitLatents[] = [];
  for (const [i, input] of inputs.entries()) {
    starts.push(await prepareStart(source, model, input, streams[i]!));
    throwIfCancelled(hooks.signal, 'The frame');
  }
  const denoiser = await openDenoiser(
    source,
    model,
    inputs.map(({ spec }, i) => ({
      ...conditionings[i]!,
      guidanceScale: spec.sampler.guidanceScale,
      timeIds: model.added === null ? null : timeIds(model.added, spec),
    })),
    height / model.vae.factor,
    width / model.vae.factor,
  );
  const samplings = inputs.map(({ spec }, i) =>
    startSampling(model, spec, plans[i]!, starts[i]!, streams[i]!),
  );
  const { observer } = hooks;
  for (const [frame, { latents }] of samplings.entries()) {
    const schedule = scheduleOf(model, inputs[frame]!.spec, plans[frame]!);
    await observer?.started?.({ frame, schedule, noise: starts[frame]!.noise, latents });
  }
  const steps = (plans[0] as StepPlan).evaluations;
  await denoise(samplings, steps, denoiser.predict, hooks);
  return samplings.map((sampling, i) => ({
    latents: sampling.latents,
    notes: [...textNotes(model, prompts, inputs[i]!.spec), ...notesOf(plans[i]!, denoiser.wholeTimesteps)],
  }));
}

function textNotes(model: StableDiffusionModel, prompts: PromptEncoder, spec: FrameSpec): FrameNote[] {
  return usedTexts(spec, isGuided(model, spec)).flatMap((text) => prompts.notes(text, spec.text));
}

function checkSpec(model: StableDiffusionModel, spec: FrameSpec): void {
  requireMultiples(spec, model.sizeMultiple);
  if (!Number.isFinite(spec.sampler.guidanceScale)) {
    throw new AppError(
      'invalid-input',
      `The guidance scale is ${spec.sampler.guidanceScale}. Accepted: a number.`,
    );
  }
  if (spec.mask !== null && spec.init === null) {
    throw new AppError('invalid-input', 'A mask needs an init picture to repaint, and the frame has none.');
  }
  if (spec.mask === null && model.unet.inChannels !== model.vae.latentChannels) {
    throw new AppError(
      'invalid-input',
      'This is an inpainting model: it needs an init picture and a mask, and the frame lacks the mask.',
    );
  }
}

/**
 * Starting latents in the reference's order of draws: the posterior of the init picture (where its latents are
 * needed), the starting noise, the posterior of the masked picture.
 */
async function prepareStart(
  source: SessionSource,
  model: StableDiffusionModel,
  { spec, assets }: FrameInput,
  noise: NoiseStream,
): Promise<InitLatents> {
  const dims = [1, model.vae.latentChannels, spec.height / model.vae.factor, spec.width / model.vae.factor];
  if (spec.init === null) {
    return { picture: null, noise: noise.first(dims), mask: null, maskedPicture: null, fromNoise: true };
  }
  const picture = pictureToTensor(pictureOf(assets, spec.init.asset, 'init picture', spec));
  const draw = (shape: readonly number[]): Tensor => noise.next(shape);
  const tiled = spec.vaeTiling === true;
  if (spec.mask === null) {
    const latents = await encodePicture(source, model.vae, { picture, draw, tiled });
    return { picture: latents, noise: noise.first(dims), mask: null, maskedPicture: null, fromNoise: false };
  }
  const mask = binaryMask(pictureOf(assets, spec.mask, 'mask', spec));
  const fromNoise = spec.init.strength === 1;
  const channels = model.inpainting === 'channels';
  const latents =
    channels && fromNoise ? null : await encodePicture(source, model.vae, { picture, draw, tiled });
  const start = noise.first(dims);
  // The reference encodes the masked picture for every model; where only its draw matters, only the draw is kept.
  const masked = { picture: withoutMasked(picture, mask), draw, tiled };
  const maskedPicture = channels ? await encodePicture(source, model.vae, masked) : null;
  if (!channels && (await samplesPosterior(source))) draw(dims);
  return {
    picture: latents,
    noise: start,
    mask: maskOnLatents(mask, spec.width, spec.height, model.vae.factor),
    maskedPicture,
    fromNoise,
  };
}

async function samplesPosterior(source: SessionSource): Promise<boolean> {
  const session = await source.session('vae_encoder');
  return session.outputs.some((output) => output.name === 'latent_parameters');
}
