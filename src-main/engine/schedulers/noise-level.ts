import { cleanFromAlpha, cleanFromSigma, type PredictionType } from './prediction.ts';
import type { Scheduler } from './scheduler.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { mul32 } from '../tensor/float32.ts';

/** How latents at one evaluation are made up: signal·x0 + noise·ε. */
export interface NoiseLevel {
  readonly signal: number;
  readonly noise: number;
}

const ONE: Tensor = { dims: [1], data: Float32Array.of(1) };
const NONE: Tensor = { dims: [1], data: Float32Array.of(0) };

/** The level before an evaluation, in whichever space the method works: read off its forward process. */
export function noiseLevel(scheduler: Scheduler, evaluation: number): NoiseLevel {
  return {
    signal: scheduler.addNoise(ONE, NONE, evaluation).data[0]!,
    noise: scheduler.addNoise(NONE, ONE, evaluation).data[0]!,
  };
}

/** Noise to signal, σ of the form x0 + σ·ε; the number that schedules of all kinds are compared by. */
export function sigmaOf({ signal, noise }: NoiseLevel): number {
  return noise / signal;
}

/** x0 from a prediction at a level, for methods that do not need it themselves. */
export function cleanAt(type: PredictionType, output: Tensor, sample: Tensor, level: NoiseLevel): Tensor {
  const { signal, noise } = level;
  return signal === 1
    ? cleanFromSigma(type, output, sample, noise)
    : cleanFromAlpha(type, output, sample, mul32(signal, signal));
}
