import { AppError, throwIfCancelled } from '../../../../src-shared/kernel/errors.ts';
import { canonicalJson, type Json } from '../../../../src-shared/kernel/canonical-json.ts';
import {
  type FrameSpec,
  type ImageLeaf,
  leavesOf,
  textsOf,
} from '../../../../src-shared/model/frame-spec.ts';
import type { FrameNote, RenderHooks, SessionSource } from '../../ports.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import { openNoise } from '../noise-stream.ts';
import { pictureToTensor } from '../picture.ts';
import type { FrameInput, Pipeline, Sample } from '../pipeline.ts';
import { describeTokens } from '../prompt-tokens.ts';
import { decodeLatents, encodePicture } from '../vae.ts';
import { type Condition, conditionsOf, isGuided, type Tokenizers } from './conditions.ts';
import { openDecoder } from './decoder.ts';
import type { KandinskyModel } from './description.ts';
import { passRuns } from './prior.ts';
import { startSampling } from './sampling.ts';
import { startPicture } from './start.ts';
import { CONTEXT_LENGTH, readTokens, truncationNotes } from './text.ts';

/** Frames with equal keys can share a model batch: they agree in size, timesteps and guidance being on. */
export function batchKey(spec: FrameSpec): string {
  const { scheduler, overrides, steps, eta } = spec.sampler;
  return canonicalJson({
    size: [spec.width, spec.height],
    sampler: [scheduler, overrides as Json, steps, eta],
    strength: spec.init === null || spec.mask !== null ? null : spec.init.strength,
    mask: spec.mask !== null,
    guided: isGuided(spec),
  });
}

/**
 * Kandinsky 2.1 and 2.2. With diffusers' schedulers the numbers are those of diffusers 0.42's combined pipelines, with
 * one CPU generator for prior and decoder; with the original samplers those of the original implementation.
 */
export function createKandinsky(
  source: SessionSource,
  model: KandinskyModel,
  tokenizers: Tokenizers,
): Pipeline {
  return {
    model,
    promptTokens: (text) =>
      Object.entries({ text_encoder: tokenizers.decoder, prior_text_encoder: tokenizers.prior }).flatMap(
        ([encoder, tokenizer]) =>
          tokenizer === null
            ? []
            : [describeTokens(encoder, tokenizer, readTokens(tokenizer, text), CONTEXT_LENGTH)],
      ),
    batchKey,
    sample: (frames, hooks) => sample(source, model, tokenizers, frames, hooks),
    decode: (latents) => decodeLatents(source, model.vae, latents),
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
  tokenizers: Tokenizers,
  frames: readonly FrameInput[],
  hooks: RenderHooks,
): Promise<Sample[]> {
  const [first] = frames;
  if (first === undefined) return [];
  for (const { spec } of frames) {
    checkSpec(model, spec);
    if (batchKey(spec) !== batchKey(first.spec)) {
      throw new AppError('internal', 'Frames of different size, scheduler or strength cannot share a batch.');
    }
  }
  const conditions = [];
  for (const [i, frame] of frames.entries()) {
    const told = await conditionsOf(source, model, tokenizers, frame, hooks);
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
    const { before } = frame.spec.image!;
    passRuns(model.prior, before, before.runs, noise);
    const picture = await startPicture(source, model, frame, (dims) => noise.next(dims));
    throwIfCancelled(hooks.signal, 'The frame');
    samplings.push(startSampling(model, frame.spec, picture, noise));
  }
  const { observer } = hooks;
  for (const [frame, { schedule, noise, latents }] of samplings.entries()) {
    await observer?.started?.({ frame, schedule, noise, latents });
  }
  const decoder = await openDecoder(source, conditions);
  const steps = samplings[0]!.evaluations;
  for (let step = 1; step <= steps; step++) {
    await hooks.yield?.();
    throwIfCancelled(hooks.signal, 'The frame');
    const inputs = samplings.map((sampling) => sampling.input());
    const outputs = await decoder(inputs, samplings[0]!.timestep, `step ${step} of ${steps}`);
    for (const [frame, sampling] of samplings.entries()) {
      const advance = sampling.advance(outputs[frame]!);
      await observer?.stepped?.({ frame, step, steps, input: inputs[frame]!, ...advance });
    }
    hooks.onStep?.({ step, steps });
  }
  return samplings.map((sampling, i) => ({
    latents: sampling.latents,
    notes: [...textNotes(tokenizers, frames[i]!.spec), ...sampling.notes],
  }));
}

/** The picture's embedding as the only row of states, for decoders that are told nothing else. */
function asRow({ image_embeds: embedding }: Condition): Tensor {
  return { dims: [1, 1, embedding!.dims[1]!], data: embedding!.data };
}

/** A text is told as cut where either encoder cuts it; the prior's own words come from its leaves. */
function textNotes({ decoder, prior }: Tokenizers, spec: FrameSpec): FrameNote[] {
  const leaves = leavesOf<ImageLeaf>(spec.image!.positive);
  const imagined = leaves.flatMap((leaf) => (leaf.kind === 'prior' ? [leaf.text] : []));
  const notes = [
    ...(decoder === null ? [] : textsOf(spec.prompt).flatMap((text) => truncationNotes(decoder, text))),
    ...imagined.flatMap((text) => truncationNotes(prior, text)),
  ];
  return [...new Map(notes.map((note) => [note.message, note])).values()];
}

function checkSpec(model: KandinskyModel, spec: FrameSpec): void {
  const { sizeMultiple } = model;
  for (const [side, value] of [
    ['width', spec.width],
    ['height', spec.height],
  ] as const) {
    if (!Number.isInteger(value) || value < sizeMultiple || value % sizeMultiple !== 0) {
      throw new AppError(
        'invalid-input',
        `The ${side} is ${value}. Accepted for this model: multiples of ${sizeMultiple} from ${sizeMultiple}.`,
      );
    }
  }
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
  if (spec.mask !== null && !inpaints) {
    throw new AppError(
      'invalid-input',
      `The frame has a mask, and this model repaints nothing: its U-Net takes ${model.unet.inChannels} channels. Accepted: a Kandinsky inpainting model, whose U-Net takes ${2 * model.vae.latentChannels + 1}.`,
    );
  }
}
