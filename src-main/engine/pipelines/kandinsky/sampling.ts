import { AppError } from '../../../../src-shared/kernel/errors.ts';
import { type FrameSpec, isOriginalSampler } from '../../../../src-shared/model/frame-spec.ts';
import type { LoopSchedule } from '../../loop-observer.ts';
import type { FrameNote } from '../../ports.ts';
import { createScheduler } from '../../schedulers/create-scheduler.ts';
import { guide } from '../../schedulers/guidance.ts';
import { cleanBound } from '../../schedulers/kandinsky/clean-bound.ts';
import { createOriginalSampler } from '../../schedulers/kandinsky/create-original-sampler.ts';
import type { OriginalOptions } from '../../schedulers/kandinsky/original-sampler.ts';
import { cleanAt, noiseLevel } from '../../schedulers/noise-level.ts';
import type { Scheduler, SchedulerState } from '../../schedulers/scheduler.ts';
import { channels, divide, where } from '../../tensor/ops.ts';
import { sizeOf, type Tensor } from '../../tensor/tensor.ts';
import type { Denoising } from '../denoising-loop.ts';
import type { NoiseStream } from '../noise-stream.ts';
import { requireFinite } from '../session-io.ts';
import { rowOf } from './batches.ts';
import { cropNotes, sampledSize } from './cropping.ts';
import type { DecoderOutput } from './decoder.ts';
import type { KandinskyModel } from './description.ts';
import { noisedPicture, type StartPicture, withPicture } from './start.ts';

/** One frame's way from noise to latents, one model evaluation at a time. */
export interface Sampling extends Denoising<DecoderOutput> {
  readonly evaluations: number;
  readonly latents: Tensor;
  /** Starting noise of unit variance. */
  readonly noise: Tensor;
  readonly schedule: LoopSchedule;
  readonly notes: readonly FrameNote[];
}

interface Plan {
  readonly scheduler: Scheduler;
  readonly begin: number;
  /** Rows of every noise draw, and of the first; the first row is used. */
  readonly rows: 1 | 2;
  readonly firstRows: 1 | 2;
  /** Starting latents from the starting noise. */
  readonly start: (noise: Tensor) => Tensor;
  /** Whether the model's variance is part of what the scheduler takes. */
  readonly learned: boolean;
  readonly notes: readonly FrameNote[];
}

/** Starts a sampling; the prior's draws must have been made from `noise` before. */
export function startSampling(
  model: KandinskyModel,
  spec: FrameSpec,
  picture: StartPicture | null,
  noise: NoiseStream,
): Sampling {
  const { scheduler, begin, rows, firstRows, start, learned, notes } = planOf(model, spec, picture);
  const { factor, latentChannels } = model.vae;
  const { width, height } = sampledSize(model, spec);
  const dims = [latentChannels, height / factor, width / factor];
  const firstNoise = rowOf(noise.first([firstRows, ...dims]), 0);
  const evaluations = scheduler.timesteps.length - begin;
  // 2.2 keeps the known part by blending as well; 2.0 and 2.1 leave it to the U-Net, if it was told.
  const blends =
    picture?.keep != null && rows === 1 && (model.version === '2.2' || model.inpainting === 'blend');
  let latents = start(firstNoise);
  let state: SchedulerState = scheduler.start(begin);
  let done = 0;
  return {
    evaluations,
    noise: firstNoise,
    schedule: {
      scheduler: scheduler.name,
      prediction: 'epsilon',
      timesteps: scheduler.timesteps.slice(begin),
      levels: scheduler.timesteps.slice(begin).map((_, i) => noiseLevel(scheduler, begin + i)),
      sigmas: scheduler.sigmas.slice(begin),
      initNoiseSigma: scheduler.initNoiseSigma,
      skipped: begin,
    },
    get timestep() {
      return scheduler.timesteps[begin + done]!;
    },
    get latents() {
      return latents;
    },
    notes: [...scheduler.notes.map((message) => ({ code: 'timesteps-trimmed' as const, message })), ...notes],
    input() {
      const scaled = scheduler.scaleModelInput(latents, state);
      return picture?.keep != null && model.inpainting === 'channels' ? withPicture(scaled, picture) : scaled;
    },
    advance(output) {
      const stage = `step ${done + 1} of ${evaluations}`;
      requireFinite(output.conditional.data, `The U-Net's output at ${stage}`);
      const drawn = scheduler.needsNoise(state) ? rowOf(noise.next([rows, ...dims]), 0) : undefined;
      const guided = guidedOutput(output, latentChannels, spec.sampler.guidanceScale, learned);
      const before = latents;
      const evaluation = begin + done;
      const step = scheduler.step(guided, latents, state, drawn);
      latents = step.sample;
      state = step.state;
      done += 1;
      if (blends) {
        const known = picture.latents;
        const noisy = done < evaluations ? scheduler.addNoise(known, firstNoise, begin + done) : known;
        latents = where(picture.keep!, noisy, latents);
      }
      requireFinite(latents.data, `The latents after ${stage}`);
      const level = noiseLevel(scheduler, evaluation);
      const noiseOf = (predicted: Tensor): Tensor => channels(predicted, 0, latentChannels);
      const next = latents;
      return () => {
        const led = noiseOf(guided);
        return {
          timestep: scheduler.timesteps[evaluation]!,
          level,
          latents: before,
          // Predictions as those who watch take them: the noise alone.
          conditional: noiseOf(output.conditional),
          unconditional: output.unconditional === null ? null : noiseOf(output.unconditional),
          guided: led,
          denoised: step.denoised ?? cleanAt('epsilon', led, before, level),
          next,
        };
      };
    },
  };
}

/** Guidance on the noise; the variance, where the scheduler takes it, is the conditional one. */
function guidedOutput(
  { conditional, unconditional }: DecoderOutput,
  count: number,
  scale: number,
  learned: boolean,
): Tensor {
  const noise = (output: Tensor): Tensor => channels(output, 0, count);
  const guided =
    unconditional === null ? noise(conditional) : guide(noise(unconditional), noise(conditional), scale);
  if (!learned) return guided;
  const dims = [1, conditional.dims[1]!, ...conditional.dims.slice(2)];
  const data = new Float32Array(sizeOf(dims));
  data.set(guided.data);
  data.set(conditional.data.subarray(guided.data.length), guided.data.length);
  return { dims, data };
}

/**
 * Latents that the model is shown as `input` at an evaluation: schedulers of the form x0 + σ·ε divide what they show by
 * √(σ² + 1), and noised pictures have unit variance.
 */
function seenAs(input: Tensor, scheduler: Scheduler, evaluation: number): Tensor {
  const one = scheduler.scaleModelInput({ dims: [1], data: Float32Array.of(1) }, scheduler.start(evaluation));
  return one.data[0] === 1 ? input : divide(input, one.data[0]!);
}

const UNUSED_BOUND: FrameNote = {
  code: 'setting-unused',
  message:
    'denoised_type and dynamic_threshold_v change nothing here: in the original they act in inpainting with Kandinsky 2.0 and p_sampler alone. With "denoised_apply": "always" they act here too.',
};

function planOf(model: KandinskyModel, spec: FrameSpec, picture: StartPicture | null): Plan {
  const { scheduler: name, overrides, steps, eta } = spec.sampler;
  const config = { ...model.scheduler.config, ...overrides };
  // Where the U-Net is told what is kept, noise alone is repainted, as in the reference; else the strength says how much
  // of the picture is left in what is repainted, as with Stable Diffusion, and 1 leaves none.
  const fromPicture =
    picture !== null && (picture.keep === null || (model.inpainting === 'blend' && spec.init!.strength < 1));
  if (isOriginalSampler(name)) {
    const options: OriginalOptions = {
      steps,
      eta,
      release: model.version === '2.0' ? '2.0' : '2.1',
      ...(fromPicture ? { skip: spec.init!.strength } : {}),
      ...(picture?.keep == null
        ? {}
        : { keepKnown: (clean: Tensor) => where(picture.keep!, picture.latents, clean) }),
    };
    const scheduler = createOriginalSampler(name, config, options);
    const at = scheduler.startTimestep;
    const start = (noise: Tensor): Tensor =>
      at === null ? noise : noisedPicture(picture!.latents, noise, at);
    return {
      scheduler,
      begin: 0,
      rows: 2,
      // The picture's noise is drawn for one picture, before it is doubled for guidance.
      firstRows: fromPicture ? 1 : 2,
      start,
      learned: name === 'p_sampler',
      notes: [...cropNotes(model, spec), ...(cleanBound(name, config, options).unused ? [UNUSED_BOUND] : [])],
    };
  }
  const scheduler = createScheduler(name, config, { steps, eta });
  const variance = config['variance_type'];
  const learned = name === 'ddpm' && (variance === 'learned' || variance === 'learned_range');
  if (!fromPicture) {
    const sigma = Math.fround(scheduler.initNoiseSigma);
    const start = (noise: Tensor): Tensor =>
      sigma === 1 ? noise : { dims: noise.dims, data: noise.data.map((value) => value * sigma) };
    return { scheduler, begin: 0, rows: 1, firstRows: 1, start, learned, notes: [] };
  }
  const { strength } = spec.init!;
  const wanted = Math.min(Math.trunc(steps * strength), steps);
  if (wanted < 1) {
    throw new AppError(
      'invalid-input',
      `A strength of ${strength} with ${steps} steps leaves no step to run. Accepted: a strength of ${(1 / steps).toFixed(3)} or more, or more steps.`,
    );
  }
  const begin = (steps - wanted) * scheduler.order;
  const level = Math.max(0, Math.trunc(1000 * strength) - 2);
  const start = (noise: Tensor): Tensor =>
    model.version === '2.1'
      ? seenAs(noisedPicture(picture.latents, noise, level), scheduler, begin)
      : scheduler.addNoise(picture.latents, noise, begin);
  return { scheduler, begin, rows: 1, firstRows: 1, start, learned, notes: [] };
}
