import { add32, div32, mul32, sqrt32, sub32 } from '../tensor/float32.ts';
import { add, divide, scale, subtract, weightedSum } from '../tensor/ops.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ConfigReader } from './config-reader.ts';

/** What the model's output stands for: the noise, the velocity (arXiv 2202.00512) or the clean sample. */
export const PREDICTION_TYPES = ['epsilon', 'v_prediction', 'sample'] as const;
export type PredictionType = (typeof PREDICTION_TYPES)[number];

/** Reads prediction_type; flow matching is refused. */
export function readPredictionType(
  reader: ConfigReader,
  accepted: readonly PredictionType[] = PREDICTION_TYPES,
): PredictionType {
  return reader.choice('prediction_type', 'epsilon', accepted);
}

/** x₀ from a model output at signal share ᾱ (variance-preserving: x = √ᾱ·x₀ + √(1−ᾱ)·ε). */
export function cleanFromAlpha(type: PredictionType, output: Tensor, sample: Tensor, alpha: number): Tensor {
  const signal = sqrt32(alpha);
  const noise = sqrt32(sub32(1, alpha));
  switch (type) {
    case 'epsilon':
      return divide(weightedSum([1, sample], [-noise, output]), signal);
    case 'sample':
      return output;
    case 'v_prediction':
      return weightedSum([signal, sample], [-noise, output]);
  }
}

/** ε from a model output at signal share ᾱ. */
export function noiseFromAlpha(type: PredictionType, output: Tensor, sample: Tensor, alpha: number): Tensor {
  const signal = sqrt32(alpha);
  const noise = sqrt32(sub32(1, alpha));
  switch (type) {
    case 'epsilon':
      return output;
    case 'sample':
      return divide(weightedSum([1, sample], [-signal, output]), noise);
    case 'v_prediction':
      return weightedSum([signal, output], [noise, sample]);
  }
}

/** x₀ from a model output at noise level σ (x = x₀ + σ·ε, the model having seen x/√(σ²+1)). */
export function cleanFromSigma(type: PredictionType, output: Tensor, sample: Tensor, sigma: number): Tensor {
  switch (type) {
    case 'epsilon':
      return weightedSum([1, sample], [-sigma, output]);
    case 'sample':
      return output;
    case 'v_prediction': {
      const total = add32(mul32(sigma, sigma), 1);
      return add(scale(output, div32(-sigma, sqrt32(total))), divide(sample, total));
    }
  }
}

/** √ᾱ·x₀ + √(1−ᾱ)·ε */
export function addNoiseAtAlpha(original: Tensor, noise: Tensor, alpha: number): Tensor {
  return weightedSum([sqrt32(alpha), original], [sqrt32(sub32(1, alpha)), noise]);
}

/** (x − x₀) / σ */
export function derivative(sample: Tensor, clean: Tensor, sigma: number): Tensor {
  return divide(subtract(sample, clean), sigma);
}
