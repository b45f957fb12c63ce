import { div32, mul32, sqrt32, sub32 } from '../tensor/float32.ts';
import { weightedSum } from '../tensor/ops.ts';
import { readConfig } from './config-reader.ts';
import { LINEAR_BETAS, readNoiseSchedule } from './noise-schedule.ts';
import { cleanFromSigma, derivative, readPredictionType } from './prediction.ts';
import type { Scheduler, SchedulerConfig, SchedulerOptions } from './scheduler.ts';
import { addNoiseAtSigma, planSigmas, scaleToUnitVariance } from './sigma-space.ts';
import { requireEvaluation, requireNoise, requireOutputShape } from './step-guards.ts';
import { readSpacing } from './timestep-spacing.ts';

/**
 * Euler's method with ancestral noise (k-diffusion). Noise is drawn at every step, at the last one times 0.
 * Reference: EulerAncestralDiscreteScheduler, diffusers 0.42.1.
 */
export function createEulerAncestral(config: SchedulerConfig, options: SchedulerOptions): Scheduler {
  const reader = readConfig(config, 'euler_a');
  const { alphasCumprod, trainTimesteps } = readNoiseSchedule(reader, { ...LINEAR_BETAS, zeroSnr: 'tiny' });
  const prediction = readPredictionType(reader, ['epsilon', 'v_prediction']);
  const plan = planSigmas(alphasCumprod, {
    spacing: readSpacing(reader, 'linspace', { steps: options.steps, trainTimesteps }),
    spread: 'table',
  });
  const { sigmas, timesteps } = plan;

  return {
    name: 'euler_a',
    ...plan,
    order: 1,
    start: (begin = 0) => ({ evaluation: begin, history: [], scalars: {} }),
    scaleModelInput: (sample, { evaluation }) => scaleToUnitVariance(sample, sigmas[evaluation]!),
    needsNoise: () => true,
    step(modelOutput, sample, { evaluation }, noise) {
      requireEvaluation(evaluation, timesteps.length);
      requireOutputShape(modelOutput, sample);
      const sigma = sigmas[evaluation]!;
      const to = sigmas[evaluation + 1]!;
      const denoised = cleanFromSigma(prediction, modelOutput, sample, sigma);
      const square = mul32(sigma, sigma);
      const squareTo = mul32(to, to);
      const up = sqrt32(div32(mul32(squareTo, sub32(square, squareTo)), square));
      const down = sqrt32(Math.max(0, sub32(squareTo, mul32(up, up))));
      const slope = derivative(sample, denoised, sigma);
      return {
        sample: weightedSum([1, sample], [sub32(down, sigma), slope], [up, requireNoise(noise)]),
        state: { evaluation: evaluation + 1, history: [], scalars: {} },
        denoised,
      };
    },
    addNoise: (original, noise, evaluation) => addNoiseAtSigma(original, noise, sigmas[evaluation]!),
  };
}
