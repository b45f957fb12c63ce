import { AppError, throwIfCancelled } from '../../../../src-shared/kernel/errors.ts';
import { embeddingKey, type FrameSpec, textsOf } from '../../../../src-shared/model/frame-spec.ts';
import { evaluateConditioning } from '../../interpolation/evaluate-conditioning.ts';
import type { RenderHooks, RgbImage, SessionSource } from '../../ports.ts';
import { greyPicture } from './grey-picture.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { denoise } from '../denoising-loop.ts';
import { openNoise } from '../noise-stream.ts';
import type { FrameInput, Pipeline, Sample } from '../pipeline.ts';
import { fromPort, requireFinite, requireTensor, runSession, toPort } from '../session-io.ts';
import {
  notesOf,
  planSteps,
  scheduleOf,
  type StepPlan,
  startSampling,
} from '../stable-diffusion/sampling.ts';
import { batchKeyOf } from './batch-key.ts';
import type { ClassConditionalModel } from './description.ts';

/**
 * Digits and the like: noise of the picture's size is denoised under a class's embedding. Between two classes lies the
 * blend of their embeddings, so one digit becomes another.
 */
export function createClassConditional(source: SessionSource, model: ClassConditionalModel): Pipeline {
  return {
    model,
    promptTokens: () => [],
    batchKey: batchKeyOf,
    sample: (frames, hooks) => sample(source, model, frames, hooks),
    decode: async (latents): Promise<RgbImage> => greyPicture(latents),
  };
}

async function sample(
  source: SessionSource,
  model: ClassConditionalModel,
  frames: readonly FrameInput[],
  hooks: RenderHooks,
): Promise<Sample[]> {
  for (const { spec } of frames) checkSpec(model, spec);
  const classes: Tensor[] = [];
  for (const [frame, input] of frames.entries())
    classes.push(await classOf(source, model, input, frame, hooks));
  const plans = frames.map(({ spec }) => planSteps(model, spec));
  const streams = frames.map(({ spec }) => openNoise(spec.noise));
  const starts = frames.map(({ spec: { width, height } }, i) => ({
    picture: null,
    noise: streams[i]!.first([1, 1, height, width]),
    mask: null,
    maskedPicture: null,
    fromNoise: true,
  }));
  const samplings = frames.map(({ spec }, i) =>
    startSampling(model, spec, plans[i]!, starts[i]!, streams[i]!),
  );
  for (const [frame, { latents }] of samplings.entries()) {
    const schedule = scheduleOf(model, frames[frame]!.spec, plans[frame]!);
    await hooks.observer?.started?.({ frame, schedule, noise: starts[frame]!.noise, latents });
  }
  const steps = (plans[0] as StepPlan).evaluations;
  const predictNoise = async (inputs: readonly Tensor[], timestep: number, stage: string) => {
    const predictions = await predict(source, inputs, classes, timestep, stage);
    return predictions.map((conditional) => ({ conditional, unconditional: null }));
  };
  await denoise(samplings, steps, predictNoise, hooks);
  return samplings.map(({ latents }, i) => ({ latents, notes: notesOf(plans[i]!, false) }));
}

/** The frame's class embedding [1, width]. */
async function classOf(
  source: SessionSource,
  model: ClassConditionalModel,
  { spec, encodings }: FrameInput,
  frame: number,
  hooks: RenderHooks,
): Promise<Tensor> {
  const texts = new Map<string, Tensor>();
  for (const text of textsOf(spec.prompt)) {
    throwIfCancelled(hooks.signal, 'The frame');
    const keys = { states: embeddingKey(spec.model, text, spec.text) };
    const found = await encodings.get(keys, async () => ({ states: await embed(source, model, text) }));
    texts.set(text, found.states);
  }
  const prompt = evaluateConditioning(spec.prompt, (text) => texts.get(text)!);
  await hooks.observer?.conditioned?.({ frame, texts, conditioning: { prompt, negative: null } });
  return prompt;
}

async function embed(source: SessionSource, model: ClassConditionalModel, text: string): Promise<Tensor> {
  const name = text.trim().toLowerCase();
  const label = model.labels.findIndex((candidate) => candidate.toLowerCase() === name);
  if (label < 0) {
    throw new AppError(
      'invalid-input',
      `The prompt "${text}" is no class of this model. Accepted: ${model.labels.join(', ')}.`,
    );
  }
  const component = 'class_embedding';
  const session = await source.session(component);
  const input = requireTensor(component, 'input', session.inputs, ['class_labels'], [1]);
  const output = requireTensor(component, 'output', session.outputs, ['class_embeddings'], [2]);
  const results = await runSession(session, component, 'looking up the class', {
    [input.name]: toPort(input, [1], [label]),
  });
  return fromPort(component, output.name, results[output.name]);
}

async function predict(
  source: SessionSource,
  inputs: readonly Tensor[],
  classes: readonly Tensor[],
  timestep: number,
  stage: string,
): Promise<Tensor[]> {
  const session = await source.session('unet');
  const sampleInput = requireTensor('unet', 'input', session.inputs, ['sample'], [4]);
  const timeInput = requireTensor('unet', 'input', session.inputs, ['timestep'], [0]);
  const classInput = requireTensor('unet', 'input', session.inputs, ['class_embeddings'], [2]);
  const output = requireTensor('unet', 'output', session.outputs, ['out_sample'], [4]);
  const dims = inputs[0]!.dims;
  const results = await runSession(session, 'unet', stage, {
    [sampleInput.name]: toPort(sampleInput, [inputs.length, ...dims.slice(1)], joined(inputs)),
    [timeInput.name]: toPort(timeInput, [], [timestep]),
    [classInput.name]: toPort(classInput, [inputs.length, classes[0]!.dims[1]!], joined(classes)),
  });
  const { data } = fromPort('unet', output.name, results[output.name]);
  requireFinite(data, `The U-Net's output at ${stage}`);
  const size = data.length / inputs.length;
  return inputs.map((_, i) => ({ dims, data: data.slice(i * size, (i + 1) * size) }));
}

function joined(parts: readonly Tensor[]): Float32Array {
  const size = parts[0]!.data.length;
  const data = new Float32Array(parts.length * size);
  for (const [i, part] of parts.entries()) data.set(part.data, i * size);
  return data;
}

function checkSpec(model: ClassConditionalModel, { width, height, init, mask }: FrameSpec): void {
  if (init !== null || mask !== null) {
    throw new AppError('invalid-input', 'This model takes classes only: no initial picture and no mask.');
  }
  if (width % model.sizeMultiple !== 0 || height % model.sizeMultiple !== 0) {
    throw new AppError(
      'invalid-input',
      `The size is ${width} x ${height}; this model takes multiples of ${model.sizeMultiple} pixels (its own size is ${model.nativeSize.width} x ${model.nativeSize.height}).`,
    );
  }
}
