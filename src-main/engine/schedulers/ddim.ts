import { div32, mul32, sqrt32, sub32 } from '../tensor/float32.ts';
import { weightedSum } from '../tensor/ops.ts';
import { limitClean, readCleanLimits } from './clean-limits.ts';
import { readConfig } from './config-reader.ts';
import { LINEAR_BETAS, readNoiseSchedule } from './noise-schedule.ts';
import { addNoiseAtAlpha, cleanFromAlpha, noiseFromAlpha, readPredictionType } from './prediction.ts';
import type { Scheduler, SchedulerConfig, SchedulerOptions } from './scheduler.ts';
import { requireEvaluation, requireNoise, requireOutputShape } from './step-guards.ts';
import { readSpacing, spaceTimesteps } from './timestep-spacing.ts';
import { requireFiniteSignal } from './zero-snr.ts';

/**
 * "Denoising Diffusion Implicit Models" (arXiv 2010.02502), formulas 12 and 16, with η from the options (default 0).
 * Reference: DDIMScheduler, diffusers 0.42.1, use_clipped_model_output off.
 */
export function createDdim(config: SchedulerConfig, options: SchedulerOptions): Scheduler {
  const reader = readConfig(config, 'ddim');
  const { alphasCumprod, trainTimesteps } = readNoiseSchedule(reader, { ...LINEAR_BETAS, zeroSnr: 'zero' });
  const finalAlpha = reader.boolean('set_alpha_to_one', true) ? 1 : alphasCumprod[0]!;
  const prediction = readPredictionType(reader);
  const limits = readCleanLimits(reader, { thresholding: true, clip: { fallback: true } });
  const spacing = readSpacing(reader, 'leading', { steps: options.steps, trainTimesteps });
  const { timesteps, notes } = spaceTimesteps(spacing, 'rounded');
  requireFiniteSignal(reader, prediction, limits, timesteps, alphasCumprod);
  const stride = Math.floor(trainTimesteps / options.steps);
  const eta = options.eta ?? 0;

  return {
    name: 'ddim',
    timesteps,
    sigmas: [],
    initNoiseSigma: 1,
    order: 1,
    notes,
    start: (begin = 0) => ({ evaluation: begin, history: [], scalars: {} }),
    scaleModelInput: (sample) => sample,
    needsNoise: () => eta > 0,
    step(modelOutput, sample, { evaluation }, noise) {
      requireEvaluation(evaluation, timesteps.length);
      requireOutputShape(modelOutput, sample);
      const t = timesteps[evaluation]!;
      const previous = t - stride;
      const alpha = alphasCumprod[t]!;
      const alphaPrevious = previous >= 0 ? alphasCumprod[previous]! : finalAlpha;
      const denoised = limitClean(cleanFromAlpha(prediction, modelOutput, sample, alpha), limits);
      const predictedNoise = noiseFromAlpha(prediction, modelOutput, sample, alpha);
      const variance = mul32(
        div32(sub32(1, alphaPrevious), sub32(1, alpha)),
        sub32(1, div32(alpha, alphaPrevious)),
      );
      const deviation = mul32(eta, sqrt32(variance));
      // Rounding can take this below 0 with η = 1, where the reference returns NaN.
      const direction = sqrt32(Math.max(0, sub32(sub32(1, alphaPrevious), mul32(deviation, deviation))));
      const mean = weightedSum([sqrt32(alphaPrevious), denoised], [direction, predictedNoise]);
      return {
        sample: eta > 0 ? weightedSum([1, mean], [deviation, requireNoise(noise)]) : mean,
        state: { evaluation: evaluation + 1, history: [], scalars: {} },
        denoised,
      };
    },
    addNoise: (original, noise, evaluation) =>
      addNoiseAtAlpha(original, noise, alphasCumprod[timesteps[evaluation]!]!),
  };
}
