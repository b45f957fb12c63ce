import { sub32 } from '../tensor/float32.ts';
import { divide, weightedSum } from '../tensor/ops.ts';
import { limitClean, readCleanLimits } from './clean-limits.ts';
import { readConfig } from './config-reader.ts';
import { readNoiseSchedule } from './noise-schedule.ts';
import { cleanFromSigma, derivative, readPredictionType } from './prediction.ts';
import type { Scheduler, SchedulerConfig, SchedulerOptions } from './scheduler.ts';
import { readSigmaSpread } from './sigma-schedules.ts';
import { addNoiseAtSigma, planSigmas, readSigmaRange, scaleToUnitVariance } from './sigma-space.ts';
import { requireEvaluation, requireOutputShape } from './step-guards.ts';
import { readSpacing } from './timestep-spacing.ts';

/**
 * Heun's method in σ (Karras et al. 2022, algorithm 2 without churn): N steps take 2N − 1 evaluations.
 * Reference: HeunDiscreteScheduler, diffusers 0.42.1. Between the two halves of a step the state holds the first
 * slope and the sample it started from.
 */
export function createHeun(config: SchedulerConfig, options: SchedulerOptions): Scheduler {
  const reader = readConfig(config, 'heun');
  const { alphasCumprod, trainTimesteps } = readNoiseSchedule(reader, {
    betaStart: 0.00085,
    betaEnd: 0.012,
    betaSchedule: 'linear',
    extraSchedules: ['exp'],
    zeroSnr: 'ignored',
  });
  const prediction = readPredictionType(reader);
  const limits = readCleanLimits(reader, { thresholding: false, clip: { fallback: false } });
  const plan = planSigmas(alphasCumprod, {
    spacing: readSpacing(reader, 'linspace', { steps: options.steps, trainTimesteps }),
    spread: readSigmaSpread(reader),
    range: readSigmaRange(reader),
  });
  const timesteps = plan.timesteps.flatMap((t, i) => (i === 0 ? [t] : [t, t]));
  const sigmas = plan.sigmas.flatMap((sigma, i) =>
    i === 0 || i === plan.sigmas.length - 1 ? [sigma] : [sigma, sigma],
  );

  return {
    name: 'heun',
    ...plan,
    timesteps,
    sigmas,
    order: 2,
    start: (begin = 0) => ({ evaluation: begin, history: [], scalars: {} }),
    scaleModelInput: (sample, { evaluation }) => scaleToUnitVariance(sample, sigmas[evaluation]!),
    needsNoise: () => false,
    step(modelOutput, sample, { evaluation, history, scalars }) {
      requireEvaluation(evaluation, timesteps.length);
      requireOutputShape(modelOutput, sample);
      const sigma = sigmas[evaluation]!;
      const denoised = limitClean(cleanFromSigma(prediction, modelOutput, sample, sigma), limits);
      const slope = derivative(sample, denoised, sigma);
      const [firstSlope, origin] = history;
      if (!firstSlope || !origin) {
        const change = sub32(sigmas[evaluation + 1]!, sigma);
        return {
          sample: weightedSum([1, sample], [change, slope]),
          state: { evaluation: evaluation + 1, history: [slope, sample], scalars: { change } },
          denoised,
        };
      }
      const average = divide(weightedSum([1, firstSlope], [1, slope]), 2);
      return {
        sample: weightedSum([1, origin], [scalars.change!, average]),
        state: { evaluation: evaluation + 1, history: [], scalars: {} },
        denoised,
      };
    },
    addNoise: (original, noise, evaluation) => addNoiseAtSigma(original, noise, sigmas[evaluation]!),
  };
}
