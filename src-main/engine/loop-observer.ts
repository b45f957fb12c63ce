import type { SchedulerName } from '../../src-shared/model/frame-spec.ts';
import type { FrameConditioning } from './pipelines/pipeline.ts';
import type { NoiseLevel } from './schedulers/noise-level.ts';
import type { PredictionType } from './schedulers/prediction.ts';
import type { Tensor } from './tensor/tensor.ts';

/**
 * Watches the diffusion loop: previews and the inspector. What a method returns is awaited, so an observer can hold the
 * loop still. Tensors are the loop's own, to be read and not changed; the loop computes the same with and without one.
 * `frame` counts the frames of a batch from 0.
 */
export interface LoopObserver {
  /** The prompts are encoded and blended. */
  conditioned?(conditioned: LoopConditioning): void | Promise<void>;
  /** The schedule and the starting latents are there. */
  started?(start: LoopStart): void | Promise<void>;
  /** After every model evaluation. */
  stepped?(step: LoopStep): void | Promise<void>;
}

export interface LoopConditioning {
  readonly frame: number;
  /** Embedding [1, tokens, width] of every prompt that takes part, before blending. */
  readonly texts: ReadonlyMap<string, Tensor>;
  readonly conditioning: FrameConditioning;
}

export interface LoopSchedule {
  readonly scheduler: SchedulerName;
  /** What the model's output stands for. */
  readonly prediction: PredictionType;
  /** Timestep of every evaluation that is run. */
  readonly timesteps: readonly number[];
  /** The level of noise in the latents before every evaluation. */
  readonly levels: readonly NoiseLevel[];
  /** The scheduler's own sigmas from the first evaluation on, one more than timesteps; empty where it has none. */
  readonly sigmas: readonly number[];
  readonly initNoiseSigma: number;
  /** Evaluations that were skipped at the start: image to image. */
  readonly skipped: number;
}

export interface LoopStart {
  readonly frame: number;
  readonly schedule: LoopSchedule;
  /** Starting noise [1, C, h, w] of unit variance. */
  readonly noise: Tensor;
  /** Latents before the first evaluation. */
  readonly latents: Tensor;
}

export interface LoopStep {
  readonly frame: number;
  /** 1 .. steps. */
  readonly step: number;
  readonly steps: number;
  readonly timestep: number;
  readonly level: NoiseLevel;
  /** Latents [1, C, h, w] before the step. */
  readonly latents: Tensor;
  /** What the model was given: scaled, with mask channels where the model takes them. */
  readonly input: Tensor;
  /** Predictions; `unconditional` is null where guidance is off. */
  readonly unconditional: Tensor | null;
  readonly conditional: Tensor;
  readonly guided: Tensor;
  /** The clean latents that the prediction stands for, x0. */
  readonly denoised: Tensor;
  /** Latents after the step. */
  readonly next: Tensor;
}
