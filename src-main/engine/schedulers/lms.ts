import { div32, f32, mul32, sub32 } from '../tensor/float32.ts';
import { add, type Term, weightedSum } from '../tensor/ops.ts';
import { readConfig } from './config-reader.ts';
import { LINEAR_BETAS, readNoiseSchedule } from './noise-schedule.ts';
import { cleanFromSigma, derivative, readPredictionType } from './prediction.ts';
import { integrate } from './quadrature.ts';
import type { Scheduler, SchedulerConfig, SchedulerOptions } from './scheduler.ts';
import { readSigmaSpread } from './sigma-schedules.ts';
import { addNoiseAtSigma, planSigmas, readSigmaRange, scaleToUnitVariance } from './sigma-space.ts';
import { requireEvaluation, requireOutputShape } from './step-guards.ts';
import { readSpacing } from './timestep-spacing.ts';

const MAX_ORDER = 4;

/**
 * The weight of one of the last `order` derivatives: the integral over the step of its Lagrange polynomial, whose
 * factors are float32 as in the reference.
 */
function lmsWeight(sigmas: readonly number[], step: number, order: number, which: number): number {
  const own = sigmas[step - which]!;
  return integrate(sigmas[step]!, sigmas[step + 1]!, (tau) => {
    let product = 1;
    for (let k = 0; k < order; k++) {
      if (k === which) continue;
      const other = sigmas[step - k]!;
      product = mul32(product, div32(sub32(tau, other), sub32(own, other)));
    }
    return product;
  });
}

/**
 * Linear multistep method of order up to four in σ (k-diffusion). Reference: LMSDiscreteScheduler, diffusers 0.42.1.
 */
export function createLms(config: SchedulerConfig, options: SchedulerOptions): Scheduler {
  const reader = readConfig(config, 'lms');
  const { alphasCumprod, trainTimesteps } = readNoiseSchedule(reader, {
    ...LINEAR_BETAS,
    zeroSnr: 'ignored',
  });
  const prediction = readPredictionType(reader);
  const spread = readSigmaSpread(reader);
  const plan = planSigmas(alphasCumprod, {
    spacing: readSpacing(reader, 'linspace', { steps: options.steps, trainTimesteps }),
    spread,
    // The reference's Karras spread of this class alone takes no other range.
    range: spread === 'karras' ? { min: null, max: null } : readSigmaRange(reader),
  });
  const { sigmas, timesteps } = plan;

  return {
    name: 'lms',
    ...plan,
    order: 1,
    start: (begin = 0) => ({ evaluation: begin, history: [], scalars: {} }),
    scaleModelInput: (sample, { evaluation }) => scaleToUnitVariance(sample, sigmas[evaluation]!),
    needsNoise: () => false,
    step(modelOutput, sample, { evaluation, history }) {
      requireEvaluation(evaluation, timesteps.length);
      requireOutputShape(modelOutput, sample);
      const sigma = sigmas[evaluation]!;
      const denoised = cleanFromSigma(prediction, modelOutput, sample, sigma);
      const derivatives = [...history, derivative(sample, denoised, sigma)].slice(-MAX_ORDER);
      const order = Math.min(evaluation + 1, MAX_ORDER);
      const [first, ...rest] = derivatives
        .toReversed()
        .slice(0, order)
        .map((values, which): Term => [f32(lmsWeight(sigmas, evaluation, order, which)), values]);
      return {
        sample: add(sample, weightedSum(first!, ...rest)),
        state: { evaluation: evaluation + 1, history: derivatives, scalars: {} },
        denoised,
      };
    },
    addNoise: (original, noise, evaluation) => addNoiseAtSigma(original, noise, sigmas[evaluation]!),
  };
}
