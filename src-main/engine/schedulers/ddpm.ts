import { AppError } from '../../../src-shared/kernel/errors.ts';
import { add32, div32, exp32, log32, mul32, sqrt32, sub32 } from '../tensor/float32.ts';
import { channels, map, multiply, weightedSum } from '../tensor/ops.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { limitClean, readCleanLimits } from './clean-limits.ts';
import { readConfig } from './config-reader.ts';
import { LINEAR_BETAS, readNoiseSchedule } from './noise-schedule.ts';
import { addNoiseAtAlpha, cleanFromAlpha, readPredictionType } from './prediction.ts';
import type { Scheduler, SchedulerConfig, SchedulerOptions } from './scheduler.ts';
import { requireEvaluation, requireNoise, requireOutputShape } from './step-guards.ts';
import { readSpacing, spaceTimesteps } from './timestep-spacing.ts';
import { requireFiniteSignal } from './zero-snr.ts';

const VARIANCE_TYPES = [
  'fixed_small',
  'fixed_small_log',
  'fixed_large',
  'fixed_large_log',
  'learned',
  'learned_range',
] as const;
type VarianceType = (typeof VARIANCE_TYPES)[number];

/** The standard deviation of the added noise: one number, or one value per element for learned variances. */
function deviation(
  type: VarianceType,
  alpha: number,
  alphaPrevious: number,
  learned: Tensor | undefined,
): number | Tensor {
  const beta = sub32(1, div32(alpha, alphaPrevious));
  const small = Math.max(mul32(div32(sub32(1, alphaPrevious), sub32(1, alpha)), beta), Math.fround(1e-20));
  switch (type) {
    case 'fixed_small':
      return sqrt32(small);
    case 'fixed_small_log':
      return exp32(mul32(0.5, log32(small)));
    case 'fixed_large':
      return sqrt32(beta);
    case 'fixed_large_log':
      return exp32(mul32(0.5, log32(beta)));
    case 'learned':
      return map(learned!, sqrt32);
    case 'learned_range': {
      const low = log32(small);
      const high = log32(beta);
      return map(learned!, (value) => {
        const share = div32(add32(value, 1), 2);
        const logVariance = add32(mul32(share, high), mul32(sub32(1, share), low));
        return exp32(mul32(0.5, logVariance));
      });
    }
  }
}

/**
 * Ancestral sampling of "Denoising Diffusion Probabilistic Models" (arXiv 2006.11239).
 * Reference: DDPMScheduler, diffusers 0.42.1, except that variance_type fixed_large_log, which yields NaN there, means
 * the logarithm of fixed_large. With learned variances the model returns twice the sample's channels.
 */
export function createDdpm(config: SchedulerConfig, options: SchedulerOptions): Scheduler {
  const reader = readConfig(config, 'ddpm');
  const { alphasCumprod, trainTimesteps } = readNoiseSchedule(reader, {
    ...LINEAR_BETAS,
    extraSchedules: ['sigmoid', 'laplace'],
    zeroSnr: 'zero',
  });
  const varianceType = reader.choice('variance_type', 'fixed_small', VARIANCE_TYPES);
  const learns = varianceType === 'learned' || varianceType === 'learned_range';
  const prediction = readPredictionType(reader);
  const limits = readCleanLimits(reader, { thresholding: true, clip: { fallback: true } });
  const spacing = readSpacing(reader, 'leading', { steps: options.steps, trainTimesteps });
  const { timesteps, notes } = spaceTimesteps(spacing, 'rounded');
  requireFiniteSignal(reader, prediction, limits, timesteps, alphasCumprod);

  /** The model's answer, and the part that tells the variance. */
  const split = (output: Tensor, sample: Tensor): { output: Tensor; learned?: Tensor } => {
    const count = sample.dims[1] ?? 1;
    if (learns && output.dims[1] === 2 * count) {
      return { output: channels(output, 0, count), learned: channels(output, count, 2 * count) };
    }
    if (learns) {
      throw new AppError(
        'invalid-model',
        `Scheduler ddpm: variance_type is "${varianceType}", but the denoising model returned ${output.dims[1]} channels instead of ${2 * count}.`,
      );
    }
    return { output };
  };

  return {
    name: 'ddpm',
    timesteps,
    sigmas: [],
    initNoiseSigma: 1,
    order: 1,
    notes,
    start: (begin = 0) => ({ evaluation: begin, history: [], scalars: {} }),
    scaleModelInput: (sample) => sample,
    needsNoise: ({ evaluation }) => (timesteps[evaluation] ?? 0) > 0,
    step(modelOutput, sample, state, noise) {
      const { evaluation } = state;
      requireEvaluation(evaluation, timesteps.length);
      const { output, learned } = split(modelOutput, sample);
      requireOutputShape(output, sample);
      const t = timesteps[evaluation]!;
      const previous = timesteps[evaluation + 1] ?? -1;
      const alpha = alphasCumprod[t]!;
      const alphaPrevious = previous >= 0 ? alphasCumprod[previous]! : 1;
      const beta = sub32(1, alpha);
      const currentAlpha = div32(alpha, alphaPrevious);
      const denoised = limitClean(cleanFromAlpha(prediction, output, sample, alpha), limits);
      const cleanShare = div32(mul32(sqrt32(alphaPrevious), sub32(1, currentAlpha)), beta);
      const sampleShare = div32(mul32(sqrt32(currentAlpha), sub32(1, alphaPrevious)), beta);
      const mean = weightedSum([cleanShare, denoised], [sampleShare, sample]);
      const next = { evaluation: evaluation + 1, history: [], scalars: {} };
      if (t <= 0) return { sample: mean, state: next, denoised };
      const spread = deviation(varianceType, alpha, alphaPrevious, learned);
      const drawn = requireNoise(noise);
      const added =
        typeof spread === 'number'
          ? weightedSum([1, mean], [spread, drawn])
          : weightedSum([1, mean], [1, multiply(spread, drawn)]);
      return { sample: added, state: next, denoised };
    },
    addNoise: (original, noise, evaluation) =>
      addNoiseAtAlpha(original, noise, alphasCumprod[timesteps[evaluation]!]!),
  };
}
