import { AppError } from '../../../../src-shared/kernel/errors.ts';
import { div32, exp32, f32, log32, mul32, sqrt32, sub32 } from '../../tensor/float32.ts';
import { clamp, weightedSum } from '../../tensor/ops.ts';
import { readConfig } from '../config-reader.ts';
import { readNoiseSchedule } from '../noise-schedule.ts';
import type { SchedulerConfig } from '../scheduler.ts';
import { requireNoise } from '../step-guards.ts';
import { cosineBetas, roundHalfEven } from './diffusion-tables.ts';
import type { PriorSampler } from './prior-sampler.ts';

/**
 * The prior's scheduler in diffusers 0.42.1 (UnCLIPScheduler): evenly spread timesteps from the last to 0, clean
 * embeddings bound to a range, a fixed small variance.
 */
export function createUnclip(config: SchedulerConfig, steps: number): PriorSampler {
  const reader = readConfig(config, 'unclip');
  const { alphasCumprod, trainTimesteps } = readNoiseSchedule(reader, {
    betaStart: 0.0001,
    betaEnd: 0.02,
    betaSchedule: 'squaredcos_cap_v2',
    zeroSnr: 'ignored',
  });
  if (config['prediction_type'] !== 'sample') reader.refuse('prediction_type', '"sample"');
  reader.choice('variance_type', 'fixed_small_log', ['fixed_small_log']);
  const range = reader.boolean('clip_sample', true) ? reader.number('clip_sample_range', 1) : null;
  if (!(Number.isInteger(steps) && steps >= 2 && steps <= trainTimesteps)) {
    throw new AppError('invalid-input', `The prior's steps are ${steps}; accepted: 2 to ${trainTimesteps}.`);
  }
  const betas = cosineBetas(trainTimesteps).map(f32);
  const stride = (trainTimesteps - 1) / (steps - 1);
  const timesteps = Array.from({ length: steps }, (_, i) => roundHalfEven((steps - 1 - i) * stride));

  return {
    timesteps,
    drawsAt: (step) => timesteps[step]! > 0,
    step(predicted, sample, step, noise) {
      const t = timesteps[step]!;
      const previous = timesteps[step + 1] ?? t - 1;
      const alpha = alphasCumprod[t]!;
      const alphaPrevious = previous >= 0 ? alphasCumprod[previous]! : 1;
      const rest = sub32(1, alpha);
      const restPrevious = sub32(1, alphaPrevious);
      // 1 − ᾱ_0 has few digits left in float32: between neighbours the reference takes β itself.
      const beta = previous === t - 1 ? betas[t]! : sub32(1, div32(alpha, alphaPrevious));
      const clean = range === null ? predicted : clamp(predicted, -range, range);
      const cleanShare = div32(mul32(sqrt32(alphaPrevious), beta), rest);
      const sampleShare = div32(mul32(sqrt32(sub32(1, beta)), restPrevious), rest);
      const mean = weightedSum([cleanShare, clean], [sampleShare, sample]);
      if (t === 0) return mean;
      const variance = Math.max(mul32(div32(restPrevious, rest), beta), 1e-20);
      return weightedSum([1, mean], [exp32(mul32(0.5, log32(variance))), requireNoise(noise ?? undefined)]);
    },
  };
}
