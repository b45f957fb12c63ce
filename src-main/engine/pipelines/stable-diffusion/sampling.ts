import { AppError } from '../../../../src-shared/kernel/errors.ts';
import type { FrameSpec } from '../../../../src-shared/model/frame-spec.ts';
import type { LoopSchedule } from '../../loop-observer.ts';
import type { FrameNote } from '../../ports.ts';
import { createScheduler } from '../../schedulers/create-scheduler.ts';
import { guide, rescaleGuidance } from '../../schedulers/guidance.ts';
import { cleanAt, noiseLevel } from '../../schedulers/noise-level.ts';
import type { PredictionType } from '../../schedulers/prediction.ts';
import type { Scheduler, SchedulerState } from '../../schedulers/scheduler.ts';
import { where } from '../../tensor/ops.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { StableDiffusionModel } from './description.ts';
import type { Denoising } from '../denoising-loop.ts';
import type { NoiseStream } from '../noise-stream.ts';
import { requireFinite } from '../session-io.ts';
import type { Prediction } from './unet.ts';

/** What sampling needs to know of a model; other families share it. */
export type SamplingModel = Pick<StableDiffusionModel, 'scheduler' | 'inpainting' | 'latentConsistency'>;

/** Where a frame's sampling begins and how it ends; see {@link planSteps}. */
export interface StepPlan {
  readonly scheduler: Scheduler;
  /** Index of the first evaluation; > 0 for image to image. */
  readonly begin: number;
  /** Model evaluations of this frame. */
  readonly evaluations: number;
}

/**
 * Scheduler and first evaluation of a frame. Image to image with strength s runs the last min(⌊N·s⌋, N) of N inference
 * steps (diffusers 0.42 get_timesteps); latent consistency models choose among their own timesteps instead.
 * @throws {AppError} `invalid-input` when the strength leaves no step.
 */
export function planSteps(model: SamplingModel, spec: FrameSpec): StepPlan {
  const { sampler, init } = spec;
  const config = { ...model.scheduler.config, ...sampler.overrides };
  const options = { steps: sampler.steps, eta: sampler.eta };
  if (init === null) {
    const scheduler = createScheduler(sampler.scheduler, config, options);
    return { scheduler, begin: 0, evaluations: scheduler.timesteps.length };
  }
  if (!(init.strength >= 0 && init.strength <= 1)) {
    throw new AppError('invalid-input', `The strength is ${init.strength}. Accepted: 0 to 1.`);
  }
  const picksByStrength = sampler.scheduler === 'lcm' || sampler.scheduler === 'tcd';
  if (model.latentConsistency && picksByStrength) {
    const scheduler = createScheduler(sampler.scheduler, config, { ...options, strength: init.strength });
    return { scheduler, begin: 0, evaluations: scheduler.timesteps.length };
  }
  const scheduler = createScheduler(sampler.scheduler, config, options);
  const wanted = Math.min(Math.trunc(sampler.steps * init.strength), sampler.steps);
  const begin = (sampler.steps - wanted) * scheduler.order;
  const evaluations = scheduler.timesteps.length - begin;
  if (wanted < 1 || evaluations < 1) {
    throw new AppError(
      'invalid-input',
      `A strength of ${init.strength} with ${sampler.steps} steps leaves no step to run. Accepted: a strength of ${(1 / sampler.steps).toFixed(3)} or more, or more steps.`,
    );
  }
  return { scheduler, begin, evaluations };
}

/** Latents of the picture that image to image starts from, and of the mask for inpainting. */
export interface InitLatents {
  /** Scaled latents [1, C, h, w] of the init picture; null where the method does not need them. */
  readonly picture: Tensor | null;
  /** Starting noise [1, C, h, w], not scaled. */
  readonly noise: Tensor;
  /** Zeros and ones [h·w], 1 = repaint. */
  readonly mask: Float32Array | null;
  /** Scaled latents of the picture without the masked part, for U-Nets with mask channels. */
  readonly maskedPicture: Tensor | null;
  /** Starts from noise alone: text to image, and inpainting at strength 1. */
  readonly fromNoise: boolean;
}

/**
 * One frame's way from noise to latents, advanced one model evaluation at a time, so that several frames can share
 * the model's batch. Holds no session.
 */
export interface Sampling extends Denoising<Prediction> {
  readonly evaluations: number;
  /** Evaluations done. */
  readonly done: number;
  readonly latents: Tensor;
}

/** A plan as those who watch see it: the evaluations that are run. */
export function scheduleOf(model: SamplingModel, spec: FrameSpec, plan: StepPlan): LoopSchedule {
  const { scheduler, begin, evaluations } = plan;
  const used = Array.from({ length: evaluations }, (_, i) => begin + i);
  return {
    scheduler: scheduler.name,
    prediction: predictionOf(model, spec),
    timesteps: used.map((i) => scheduler.timesteps[i]!),
    levels: used.map((i) => noiseLevel(scheduler, i)),
    sigmas: scheduler.sigmas.slice(begin),
    initNoiseSigma: scheduler.initNoiseSigma,
    skipped: begin,
  };
}

/** The schedulers have checked the key; `original_sample` is an older name. */
function predictionOf(model: SamplingModel, { sampler }: FrameSpec): PredictionType {
  const type = { ...model.scheduler.config, ...sampler.overrides }.prediction_type ?? 'epsilon';
  return type === 'v_prediction' ? type : type === 'epsilon' ? type : 'sample';
}

/** Starts a sampling. `noise` is read on for schedulers that draw at every step. */
export function startSampling(
  model: SamplingModel,
  spec: FrameSpec,
  plan: StepPlan,
  start: InitLatents,
  noise: NoiseStream,
): Sampling {
  const { scheduler, begin, evaluations } = plan;
  const { guidanceScale, guidanceRescale } = spec.sampler;
  const blends = start.mask !== null && model.inpainting === 'blend';
  let latents = startLatents(scheduler, start, begin);
  let state: SchedulerState = scheduler.start(begin);
  let done = 0;

  return {
    evaluations,
    get done() {
      return done;
    },
    get latents() {
      return latents;
    },
    get timestep() {
      return scheduler.timesteps[begin + done]!;
    },
    input() {
      const scaled = scheduler.scaleModelInput(latents, state);
      return start.maskedPicture === null
        ? scaled
        : withMaskChannels(scaled, start.mask!, start.maskedPicture);
    },
    advance({ conditional, unconditional }) {
      const stage = `step ${done + 1} of ${evaluations}`;
      requireFinite(conditional.data, `The U-Net's output at ${stage}`);
      let output = conditional;
      if (unconditional !== null) {
        output = guide(unconditional, conditional, guidanceScale);
        if (guidanceRescale > 0) output = rescaleGuidance(output, conditional, guidanceRescale);
      }
      const drawn = scheduler.needsNoise(state) ? noise.next(latents.dims) : undefined;
      const before = latents;
      const evaluation = begin + done;
      const step = scheduler.step(output, latents, state, drawn);
      latents = step.sample;
      state = step.state;
      done += 1;
      if (blends) {
        const original = start.picture!;
        const known = done < evaluations ? scheduler.addNoise(original, start.noise, begin + done) : original;
        latents = where(start.mask!, latents, known);
      }
      requireFinite(latents.data, `The latents after ${stage}`);
      const next = latents;
      return () => {
        const level = noiseLevel(scheduler, evaluation);
        return {
          timestep: scheduler.timesteps[evaluation]!,
          level,
          latents: before,
          conditional,
          unconditional,
          guided: output,
          denoised: step.denoised ?? cleanAt(predictionOf(model, spec), output, before, level),
          next,
        };
      };
    },
  };
}

/** Plain words on what a plan adjusted, for the artist. */
export function notesOf(plan: StepPlan, wholeTimesteps: boolean): FrameNote[] {
  const notes: FrameNote[] = plan.scheduler.notes.map((message) => ({ code: 'timesteps-trimmed', message }));
  const used = plan.scheduler.timesteps.slice(plan.begin);
  if (wholeTimesteps && used.some((timestep) => !Number.isInteger(timestep))) {
    notes.push({
      code: 'timestep-rounded',
      message: `The scheduler "${plan.scheduler.name}" works at fractional timesteps, but this model takes whole ones: they were cut to whole numbers, so the picture differs slightly from one made in floating point. A scheduler with whole timesteps (dpm++2m, ddim, pndm) avoids it.`,
    });
  }
  return notes;
}

function startLatents(scheduler: Scheduler, start: InitLatents, begin: number): Tensor {
  if (!start.fromNoise) return scheduler.addNoise(start.picture!, start.noise, begin);
  const sigma = Math.fround(scheduler.initNoiseSigma);
  if (sigma === 1) return start.noise;
  return { dims: start.noise.dims, data: start.noise.data.map((value) => value * sigma) };
}

/** [latents, mask, masked picture] along the channels, the order of Stable Diffusion's inpainting models. */
function withMaskChannels(latents: Tensor, mask: Float32Array, maskedPicture: Tensor): Tensor {
  const [, channels, height, width] = latents.dims as [number, number, number, number];
  const plane = height * width;
  const data = new Float32Array((2 * channels + 1) * plane);
  data.set(latents.data);
  data.set(mask, channels * plane);
  data.set(maskedPicture.data, (channels + 1) * plane);
  return { dims: [1, 2 * channels + 1, height, width], data };
}
