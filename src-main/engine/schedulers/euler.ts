import { log32, mul32, sub32 } from '../tensor/float32.ts';
import { weightedSum } from '../tensor/ops.ts';
import { readConfig } from './config-reader.ts';
import { LINEAR_BETAS, readNoiseSchedule } from './noise-schedule.ts';
import { cleanFromSigma, derivative, PREDICTION_TYPES } from './prediction.ts';
import type { Scheduler, SchedulerConfig, SchedulerOptions } from './scheduler.ts';
import { readSigmaSpread } from './sigma-schedules.ts';
import { addNoiseAtSigma, planSigmas, readSigmaRange, scaleToUnitVariance } from './sigma-space.ts';
import { requireEvaluation, requireOutputShape } from './step-guards.ts';
import { readSpacing } from './timestep-spacing.ts';

/**
 * Euler's method in σ (Karras et al. 2022, algorithm 2 without churn).
 * Reference: EulerDiscreteScheduler, diffusers 0.42.1, s_churn 0.
 */
export function createEuler(config: SchedulerConfig, options: SchedulerOptions): Scheduler {
  const reader = readConfig(config, 'euler');
  const { alphasCumprod, trainTimesteps } = readNoiseSchedule(reader, { ...LINEAR_BETAS, zeroSnr: 'tiny' });
  const prediction = reader.choice('prediction_type', 'epsilon', PREDICTION_TYPES, {
    original_sample: 'sample',
  });
  const continuous =
    reader.choice('timestep_type', 'discrete', ['discrete', 'continuous']) === 'continuous' &&
    prediction === 'v_prediction';
  const plan = planSigmas(alphasCumprod, {
    spacing: readSpacing(reader, 'linspace', { steps: options.steps, trainTimesteps }),
    spread: readSigmaSpread(reader),
    range: readSigmaRange(reader),
    interpolation: reader.choice('interpolation_type', 'linear', ['linear', 'log_linear']),
    final: reader.choice('final_sigmas_type', 'zero', ['zero', 'sigma_min']),
  });
  const { sigmas } = plan;
  const timesteps = continuous
    ? plan.timesteps.map((_, i) => mul32(0.25, log32(sigmas[i]!)))
    : plan.timesteps;

  return {
    name: 'euler',
    ...plan,
    timesteps,
    order: 1,
    start: (begin = 0) => ({ evaluation: begin, history: [], scalars: {} }),
    scaleModelInput: (sample, { evaluation }) => scaleToUnitVariance(sample, sigmas[evaluation]!),
    needsNoise: () => false,
    step(modelOutput, sample, { evaluation }) {
      requireEvaluation(evaluation, timesteps.length);
      requireOutputShape(modelOutput, sample);
      const sigma = sigmas[evaluation]!;
      const denoised = cleanFromSigma(prediction, modelOutput, sample, sigma);
      const slope = derivative(sample, denoised, sigma);
      return {
        sample: weightedSum([1, sample], [sub32(sigmas[evaluation + 1]!, sigma), slope]),
        state: { evaluation: evaluation + 1, history: [], scalars: {} },
        denoised,
      };
    },
    addNoise: (original, noise, evaluation) => addNoiseAtSigma(original, noise, sigmas[evaluation]!),
  };
}
