import type { Tensor } from '../../tensor/tensor.ts';

/** A way from noise to an image embedding [1, width]: the prior predicts the clean embedding at every step. */
export interface PriorSampler {
  /** Handed to the prior at each step, falling. */
  readonly timesteps: readonly number[];
  /** Whether step `i` draws noise, even if it adds none of it. */
  drawsAt(step: number): boolean;
  /** The embedding after step `i`; `clean` is the guided prediction of the clean embedding. */
  step(clean: Tensor, sample: Tensor, step: number, noise: Tensor | null): Tensor;
}
