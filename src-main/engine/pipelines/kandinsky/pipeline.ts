import { AppError, throwIfCancelled } from '../../../../src-shared/kernel/errors.ts';
import { canonicalJson, type Json } from '../../../../src-shared/kernel/canonical-json.ts';
import {
  type FrameSpec,
  type ImageLeaf,
  isOriginalSampler,
  leavesOf,
  type TextSettings,
  textsOf,
} from '../../../../src-shared/model/frame-spec.ts';
import type { FrameNote, RenderHooks, SessionSource } from '../../ports.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import { denoise, requireMultiples, requireOneBatch } from '../denoising-loop.ts';
import { openNoise } from '../noise-stream.ts';
import { pictureToTensor } from '../picture.ts';
import type { LearnedToken } from '../../embedding-files/read-embedding.ts';
import type { FrameInput, Pipeline, Sample } from '../pipeline.ts';
import { describeTokens } from '../prompt-tokens.ts';
import { decodeLatents, encodePicture } from '../vae.ts';
import { type Condition, conditionsOf, isGuided } from './conditions.ts';
import { withSides } from './cropping.ts';
import { openDecoder } from './decoder.ts';
import type { KandinskyModel } from './description.ts';
import { passRuns } from './prior.ts';
import { startSampling } from './sampling.ts';
import { startPicture } from './start.ts';
import { CONTEXT_LENGTH, readTokens, truncationNotes } from './text.ts';
import { PRIOR_TEXT_ENCODER, type Tokenizers, type Vocabularies, vocabulariesOf } from './vocabularies.ts';

/**
 * Frames with equal keys can share a model batch: they agree in size, timesteps and guidance being on. Where the U-Net
 * is told what is kept, every frame begins at the first timestep, whatever its strength; elsewhere the strength says
 * where a frame begins. A mask changes no timestep.
 */
export function batchKey(model: KandinskyModel, spec: FrameSpec): string {
  const { scheduler, overrides, steps, eta } = spec.sampler;
  return canonicalJson({
    size: [spec.width, spec.height],
    sampler: [scheduler, overrides as Json, steps, eta],
    strength: spec.init === null || model.inpainting === 'channels' ? null : spec.init.strength,
    guided: isGuided(spec),
  });
}

/**
 * Kandinsky 2.0, 2.1 and 2.2. With diffusers' schedulers the numbers of the last two are those of diffusers 0.42's
 * combined pipelines, with one CPU generator for prior and decoder; with the original samplers those of the original
 * implementation.
 */
export function createKandinsky(
  source: SessionSource,
  model: KandinskyModel,
  tokenizers: Tokenizers,
): Pipeline {
  const learned = new Map<string, LearnedToken>();
  const vocabularies = (settings: TextSettings): Vocabularies =>
    vocabulariesOf(model, tokenizers, settings, (file) => learned.get(file));
  return {
    model,
    promptTokens(text, settings) {
      const { decoder, prior } = vocabularies(settings);
      return Object.entries({
        ...decoder,
        ...(prior === null ? {} : { [PRIOR_TEXT_ENCODER]: prior }),
      }).map(([encoder, { tokenizer }]) =>
        describeTokens(encoder, tokenizer, readTokens(tokenizer, text), CONTEXT_LENGTH),
      );
    },
    batchKey: (spec) => batchKey(model, spec),
    sample(frames, hooks) {
      for (const frame of frames) {
        for (const [file, token] of Object.entries(frame.learned ?? {})) learned.set(file, token);
      }
      return sample(source, model, vocabularies, frames, hooks);
    },
    decode: async (latents, spec) => {
      const picture = await decodeLatents(source, model.vae, latents);
      return spec === undefined ? picture : withSides(picture, spec);
    },
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
  model: KandinskyModel,
  vocabularies: (settings: TextSettings) => Vocabularies,
  frames: readonly FrameInput[],
  hooks: RenderHooks,
): Promise<Sample[]> {
  if (frames.length === 0) return [];
  for (const { spec } of frames) checkSpec(model, spec);
  requireOneBatch(
    frames.map(({ spec }) => spec),
    (spec) => batchKey(model, spec),
  );
  const conditions = [];
  for (const [i, frame] of frames.entries()) {
    const told = await conditionsOf(source, model, vocabularies(frame.spec.text), frame, hooks);
    const { texts, conditional, unconditional } = told;
    const shown = (condition: Condition): Tensor => condition['encoder_hidden_states'] ?? asRow(condition);
    const conditioning = {
      prompt: shown(conditional),
      negative: unconditional === null ? null : shown(unconditional),
    };
    await hooks.observer?.conditioned?.({ frame: i, texts, conditioning });
    conditions.push(told);
  }
  const samplings = [];
  for (const frame of frames) {
    const noise = openNoise(frame.spec.noise);
    if (model.prior !== null) {
      const { before } = frame.spec.image!;
      passRuns(model.prior, before, before.runs, noise);
    }
    const picture = await startPicture(source, model, frame, (dims) => noise.next(dims));
    throwIfCancelled(hooks.signal, 'The frame');
    samplings.push(startSampling(model, frame.spec, picture, noise));
  }
  const { observer } = hooks;
  for (const [frame, { schedule, noise, latents }] of samplings.entries()) {
    await observer?.started?.({ frame, schedule, noise, latents });
  }
  const decoder = await openDecoder(source, conditions);
  await denoise(samplings, samplings[0]!.evaluations, decoder, hooks);
  return samplings.map((sampling, i) => ({
    latents: sampling.latents,
    notes: [...textNotes(vocabularies(frames[i]!.spec.text), frames[i]!.spec), ...sampling.notes],
  }));
}

/** The picture's embedding as the only row of states, for decoders that are told nothing else. */
function asRow({ image_embeds: embedding }: Condition): Tensor {
  return { dims: [1, 1, embedding!.dims[1]!], data: embedding!.data };
}

/** A text is told as cut where either encoder cuts it; the prior's own words come from its leaves. */
function textNotes({ decoder, prior }: Vocabularies, spec: FrameSpec): FrameNote[] {
  const leaves = spec.image === undefined ? [] : leavesOf<ImageLeaf>(spec.image.positive);
  const imagined = leaves.flatMap((leaf) => (leaf.kind === 'prior' ? [leaf.text] : []));
  const notes = [
    ...Object.values(decoder).flatMap(({ tokenizer }) =>
      textsOf(spec.prompt).flatMap((text) => truncationNotes(tokenizer, text)),
    ),
    ...(prior === null ? [] : imagined.flatMap((text) => truncationNotes(prior.tokenizer, text))),
  ];
  return [...new Map(notes.map((note) => [note.message, note])).values()];
}

function checkSpec(model: KandinskyModel, spec: FrameSpec): void {
  if (isOriginalSampler(spec.sampler.scheduler)) requireMultiples(spec, 1);
  else requireMultiples(spec, model.sizeMultiple);
  if (spec.mask !== null && spec.init === null) {
    throw new AppError('invalid-input', 'A mask needs an init picture to repaint, and the frame has none.');
  }
  const inpaints = model.unet.inChannels !== model.vae.latentChannels;
  if (spec.mask === null && inpaints) {
    throw new AppError(
      'invalid-input',
      'This is an inpainting model: it needs an init picture and a mask, and the frame lacks the mask.',
    );
  }
  const { scheduler } = spec.sampler;
  if (spec.mask !== null && !inpaints && (model.version === '2.0' || isOriginalSampler(scheduler))) {
    throw new AppError(
      'invalid-input',
      `The frame has a mask, and with the sampler "${scheduler}" this model repaints nothing: its U-Net takes ${model.unet.inChannels} channels. Accepted: a Kandinsky inpainting model, whose U-Net takes ${2 * model.vae.latentChannels + 1}, or, for 2.1 and 2.2, one of diffusers' schedulers (ddim, ddpm, dpm++2m ...).`,
    );
  }
}
