import { AppError } from '../../../../src-shared/kernel/errors.ts';
import { add32, div32, exp32, f32, mul32, sub32 } from '../../tensor/float32.ts';
import { channels, map, multiply, weightedSum } from '../../tensor/ops.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { addNoiseAtAlpha } from '../prediction.ts';
import { requireEvaluation, requireNoise, requireOutputShape } from '../step-guards.ts';
import type { SchedulerConfig } from '../scheduler.ts';
import { cleanBound, thresholded } from './clean-bound.ts';
import { linearBetas, posteriorMean, respaced, tablesOf } from './diffusion-tables.ts';
import { keptShare, type OriginalOptions, type OriginalSampler, originalBetas } from './original-sampler.ts';

/** Of the threshold that nothing switches off. */
const PERCENTILE = 99.5;

/**
 * Ancestral sampling of the original Kandinsky ("p_sampler"): respaced steps, learned variance, clean latents bound
 * (2.1: to ±2) and then thresholded at the 99.5th percentile of the first item. A step draws its noise even at the end, where it
 * adds none.
 */
export function createPSampler(config: SchedulerConfig, options: OriginalOptions): OriginalSampler {
  const { steps } = options;
  const { start, end, count } = originalBetas(config, 'p_sampler');
  if (steps < 2) {
    throw new AppError('invalid-input', `Scheduler p_sampler: ${steps} steps; accepted: 2 to ${count}.`);
  }
  const tables = tablesOf(linearBetas(start, end, count), respaced(steps, count));
  const kept = options.skip === undefined ? steps : keptShare('p_sampler', options.skip, steps);
  const timesteps = tables.timesteps.slice(0, kept).reverse();
  const { apply } = cleanBound('p_sampler', config, options);

  return {
    name: 'p_sampler',
    timesteps,
    sigmas: [],
    initNoiseSigma: 1,
    order: 1,
    notes: [],
    noiseRows: 2,
    startTimestep: options.skip === undefined ? null : timesteps[0]!,
    start: (begin = 0) => ({ evaluation: begin, history: [], scalars: {} }),
    scaleModelInput: (sample) => sample,
    needsNoise: () => true,
    step(modelOutput, sample, { evaluation }, noise) {
      requireEvaluation(evaluation, timesteps.length);
      const { output, variance } = split(modelOutput, sample);
      const k = kept - 1 - evaluation;
      const alpha = tables.alphasCumprod[k]!;
      const raw = weightedSum([Math.sqrt(1 / alpha), sample], [-Math.sqrt(1 / alpha - 1), output]);
      const bound = apply === null ? raw : apply(raw);
      const denoised = thresholded(options.keepKnown?.(bound) ?? bound, PERCENTILE);
      const share = posteriorMean(tables, k);
      const mean = weightedSum([share.clean, denoised], [share.sample, sample]);
      const next = { evaluation: evaluation + 1, history: [], scalars: {} };
      const drawn = requireNoise(noise);
      if (k === 0) return { sample: mean, state: next, denoised };
      const high = f32(Math.log(tables.betas[k]!));
      const low = f32(tables.posteriorLogVariance[k]!);
      const deviation = map(variance, (value) => {
        const part = div32(add32(value, 1), 2);
        return exp32(mul32(0.5, add32(mul32(part, high), mul32(sub32(1, part), low))));
      });
      return { sample: weightedSum([1, mean], [1, multiply(deviation, drawn)]), state: next, denoised };
    },
    addNoise: (original, noise, evaluation) =>
      addNoiseAtAlpha(original, noise, f32(tables.alphasCumprod[kept - 1 - evaluation]!)),
  };
}

function split(modelOutput: Tensor, sample: Tensor): { output: Tensor; variance: Tensor } {
  const count = sample.dims[1] ?? 1;
  if (modelOutput.dims[1] !== 2 * count) {
    throw new AppError(
      'invalid-model',
      `Scheduler p_sampler needs a model that predicts its variance (${2 * count} channels); this one returned ${modelOutput.dims[1]}. Accepted: Kandinsky models, or another scheduler.`,
    );
  }
  const output = channels(modelOutput, 0, count);
  requireOutputShape(output, sample);
  return { output, variance: channels(modelOutput, count, 2 * count) };
}
