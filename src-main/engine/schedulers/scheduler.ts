import type { Json } from '../../../src-shared/kernel/canonical-json.ts';
import type { SchedulerName } from '../../../src-shared/model/frame-spec.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** The content of a `scheduler_config.json`, FrameSpec overrides applied. Unknown keys are ignored. */
export type SchedulerConfig = { readonly [key: string]: Json | undefined };

export interface SchedulerOptions {
  /** Number of inference steps asked for, >= 1. */
  readonly steps: number;
  /** DDIM η in 0..1, TCD γ in 0..1. */
  readonly eta?: number;
  /** LCM and TCD choose their timesteps from the first `strength` share of the original ones; 0..1, default 1. */
  readonly strength?: number;
}

/**
 * What a step carries to the next one: plain data and tensors, no references into the scheduler, so a half-done
 * sampling can be stored and resumed.
 */
export interface SchedulerState {
  /** Index of the next model evaluation, 0 .. evaluations - 1. */
  readonly evaluation: number;
  /** Earlier model outputs or samples that multistep methods keep; the meaning is the scheduler's own. */
  readonly history: readonly Tensor[];
  /** Small numbers that a method keeps besides. */
  readonly scalars: { readonly [name: string]: number };
}

export interface SchedulerStep {
  readonly sample: Tensor;
  readonly state: SchedulerState;
  /** The predicted clean latents x0, where the method has them. */
  readonly denoised?: Tensor;
}

/**
 * A sampling method over a fixed list of model evaluations. Pure: `step` takes state and noise and returns new ones.
 * Element-wise arithmetic is rounded to float32 operation by operation, as torch does.
 */
export interface Scheduler {
  readonly name: SchedulerName;
  /**
   * The timestep handed to the model at each evaluation, in order; may be fractional, may repeat (Heun, PNDM), and its
   * length may differ from the steps asked for.
   */
  readonly timesteps: readonly number[];
  /** Noise levels where the method works with them (length timesteps or more), else empty. */
  readonly sigmas: readonly number[];
  /** Factor on the starting noise. */
  readonly initNoiseSigma: number;
  /** Timesteps per inference step: 2 for Heun, else 1 (image to image starts at `order` times the skipped steps). */
  readonly order: number;
  /** Plain words on anything that was adjusted (for example one timestep too many was trimmed). */
  readonly notes: readonly string[];
  /** State before evaluation `begin` (0 for text to image; later for image to image). */
  start(begin?: number): SchedulerState;
  scaleModelInput(sample: Tensor, state: SchedulerState): Tensor;
  /** Whether the step at this state draws one noise tensor of the sample's shape (even if it multiplies it by 0). */
  needsNoise(state: SchedulerState): boolean;
  step(modelOutput: Tensor, sample: Tensor, state: SchedulerState, noise?: Tensor): SchedulerStep;
  /** Forward process: the original at the noise level of evaluation `evaluation`. */
  addNoise(original: Tensor, noise: Tensor, evaluation: number): Tensor;
}
