import type { CleanLimits } from './clean-limits.ts';
import type { ConfigReader } from './config-reader.ts';
import type { PredictionType } from './prediction.ts';

/**
 * With ᾱ = 0 the clean sample cannot be told from a predicted noise (a division by zero) unless it is clipped.
 * @throws {AppError} invalid-model naming prediction_type when a timestep has ᾱ = 0 and the model predicts noise.
 */
export function requireFiniteSignal(
  reader: ConfigReader,
  prediction: PredictionType,
  limits: CleanLimits,
  timesteps: readonly number[],
  alphasCumprod: Float32Array,
): void {
  const silent = timesteps.some((t) => alphasCumprod[t] === 0);
  if (silent && prediction === 'epsilon' && limits.kind === 'none') {
    reader.refuse('prediction_type', 'v_prediction, sample (with rescale_betas_zero_snr)');
  }
}
