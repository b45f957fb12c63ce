import { add32, div32, mul32, sqrt32, sub32 } from '../tensor/float32.ts';
import { weightedSum } from '../tensor/ops.ts';
import { limitClean, readCleanLimits } from './clean-limits.ts';
import { readConfig } from './config-reader.ts';
import { distilledTimesteps } from './distilled-timesteps.ts';
import { readNoiseSchedule } from './noise-schedule.ts';
import { addNoiseAtAlpha, cleanFromAlpha, readPredictionType } from './prediction.ts';
import type { Scheduler, SchedulerConfig, SchedulerOptions } from './scheduler.ts';
import { requireEvaluation, requireNoise, requireOutputShape } from './step-guards.ts';
import { requireFiniteSignal } from './zero-snr.ts';

/** σ_data² of the boundary condition, σ_data = 0.5. */
const DATA_VARIANCE = 0.25;

/**
 * "Latent Consistency Models" (arXiv 2310.04378), multistep consistency sampling. Noise is drawn at every step but the
 * last. Reference: LCMScheduler, diffusers 0.42.1.
 */
export function createLcm(config: SchedulerConfig, options: SchedulerOptions): Scheduler {
  const reader = readConfig(config, 'lcm');
  const { alphasCumprod, trainTimesteps } = readNoiseSchedule(reader, {
    betaStart: 0.00085,
    betaEnd: 0.012,
    betaSchedule: 'scaled_linear',
    zeroSnr: 'zero',
  });
  const prediction = readPredictionType(reader);
  const limits = readCleanLimits(reader, { thresholding: true, clip: { fallback: false } });
  const timestepScaling = reader.number('timestep_scaling', 10);
  const timesteps = distilledTimesteps(reader, 'lcm', options, trainTimesteps);
  requireFiniteSignal(reader, prediction, limits, timesteps, alphasCumprod);
  const isLast = (evaluation: number): boolean => evaluation === timesteps.length - 1;

  return {
    name: 'lcm',
    timesteps,
    sigmas: [],
    initNoiseSigma: 1,
    order: 1,
    notes: [],
    start: (begin = 0) => ({ evaluation: begin, history: [], scalars: {} }),
    scaleModelInput: (sample) => sample,
    needsNoise: ({ evaluation }) => !isLast(evaluation),
    step(modelOutput, sample, { evaluation }, noise) {
      requireEvaluation(evaluation, timesteps.length);
      requireOutputShape(modelOutput, sample);
      const t = timesteps[evaluation]!;
      const clean = limitClean(cleanFromAlpha(prediction, modelOutput, sample, alphasCumprod[t]!), limits);
      const scaled = mul32(t, timestepScaling);
      const total = add32(mul32(scaled, scaled), DATA_VARIANCE);
      const denoised = weightedSum(
        [div32(scaled, sqrt32(total)), clean],
        [div32(DATA_VARIANCE, total), sample],
      );
      const state = { evaluation: evaluation + 1, history: [], scalars: {} };
      if (isLast(evaluation)) return { sample: denoised, state, denoised };
      const alpha = alphasCumprod[timesteps[evaluation + 1]!]!;
      const next = weightedSum([sqrt32(alpha), denoised], [sqrt32(sub32(1, alpha)), requireNoise(noise)]);
      return { sample: next, state, denoised };
    },
    addNoise: (original, noise, evaluation) =>
      addNoiseAtAlpha(original, noise, alphasCumprod[timesteps[evaluation]!]!),
  };
}
