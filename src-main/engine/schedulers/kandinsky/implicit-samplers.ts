import { AppError } from '../../../../src-shared/kernel/errors.ts';
import { f32, mul32, sqrt32, sub32 } from '../../tensor/float32.ts';
import { channels, divide, weightedSum } from '../../tensor/ops.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { addNoiseAtAlpha } from '../prediction.ts';
import { requireEvaluation, requireNoise } from '../step-guards.ts';
import type { SchedulerConfig, SchedulerState } from '../scheduler.ts';
import { cleanBound, type CleanBound } from './clean-bound.ts';
import { cumulativeSignal, linearBetas } from './diffusion-tables.ts';
import { keptShare, type OriginalOptions, type OriginalSampler, originalBetas } from './original-sampler.ts';

interface Grid {
  /** Falling timesteps; their number is not always that of the steps asked for. */
  readonly timesteps: readonly number[];
  /** ᾱ at each of them and at the one it steps to; the last step stops at ᾱ of timestep 0, not at 1. */
  readonly signal: readonly number[];
  readonly signalAfter: readonly number[];
  readonly startTimestep: number | null;
  readonly notes: readonly string[];
}

function gridOf(name: string, config: SchedulerConfig, { steps, skip }: OriginalOptions): Grid {
  const { start, end, count } = originalBetas(config, name);
  const stride = Math.floor(count / steps);
  if (!(steps >= 1 && steps <= count / 2)) {
    throw new AppError(
      'invalid-input',
      `Scheduler ${name}: ${steps} steps; accepted: 1 to ${Math.floor(count / 2)}.`,
    );
  }
  const alphas = cumulativeSignal(linearBetas(start, end, count));
  const rising: number[] = [];
  for (let t = 1; t < count; t += stride) rising.push(t);
  const places = rising.length;
  const kept = skip === undefined ? null : keptShare(name, skip, count);
  if (kept !== null) rising.splice(rising.findLastIndex((t) => t <= kept) + 1);
  const before = [0, ...rising.slice(0, -1)];
  return {
    timesteps: [...rising].reverse(),
    signal: rising.map((t) => alphas[t]!).reverse(),
    signalAfter: before.map((t) => alphas[t]!).reverse(),
    startTimestep: kept === null ? null : kept - 1,
    notes:
      places === steps
        ? []
        : [`${name} works on a grid of ${places} steps for the ${steps} asked for, as the original does.`],
  };
}

/** One step of arXiv 2010.02502 from grid place `i`. */
function implicitStep(
  grid: Grid,
  i: number,
  sample: Tensor,
  noise: Tensor,
  eta: number,
  drawn: Tensor,
  bound: CleanBound['apply'],
): Tensor {
  const alpha = f32(grid.signal[i]!);
  const after = f32(grid.signalAfter[i]!);
  const sigma = f32(
    eta *
      Math.sqrt(
        ((1 - grid.signalAfter[i]!) / (1 - grid.signal[i]!)) * (1 - grid.signal[i]! / grid.signalAfter[i]!),
      ),
  );
  const raw = divide(weightedSum([1, sample], [-Math.sqrt(1 - grid.signal[i]!), noise]), sqrt32(alpha));
  const clean = bound === null ? raw : bound(raw);
  const direction = sqrt32(sub32(sub32(1, after), mul32(sigma, sigma)));
  const mean = weightedSum([sqrt32(after), clean], [direction, noise]);
  return sigma === 0 ? mean : weightedSum([1, mean], [sigma, drawn]);
}

/** The noise part of an output that may also hold a predicted variance, which these samplers leave. */
function noisePart(output: Tensor, sample: Tensor): Tensor {
  const count = sample.dims[1] ?? 1;
  return output.dims[1] === count ? output : channels(output, 0, count);
}

/** "ddim_sampler" of the original Kandinsky: no bounds on the clean latents unless set; noise is drawn even where η is 0. */
export function createDdimSampler(config: SchedulerConfig, options: OriginalOptions): OriginalSampler {
  const grid = gridOf('ddim_sampler', config, options);
  const eta = options.eta ?? 0;
  const { apply } = cleanBound('ddim_sampler', config, options);
  return {
    name: 'ddim_sampler',
    timesteps: grid.timesteps,
    sigmas: [],
    initNoiseSigma: 1,
    order: 1,
    notes: grid.notes,
    noiseRows: 2,
    startTimestep: grid.startTimestep,
    start: (begin = 0) => ({ evaluation: begin, history: [], scalars: {} }),
    scaleModelInput: (sample) => sample,
    needsNoise: () => true,
    step(modelOutput, sample, { evaluation }, noise) {
      requireEvaluation(evaluation, grid.timesteps.length);
      const predicted = noisePart(modelOutput, sample);
      return {
        sample: implicitStep(grid, evaluation, sample, predicted, eta, requireNoise(noise), apply),
        state: { evaluation: evaluation + 1, history: [], scalars: {} },
      };
    },
    addNoise: (original, noise, evaluation) =>
      addNoiseAtAlpha(original, noise, f32(grid.signal[evaluation]!)),
  };
}

/**
 * "plms_sampler" of the original Kandinsky (arXiv 2202.09778 without its Runge-Kutta start): the first step looks ahead
 * by a second evaluation, later ones blend up to four noise predictions.
 */
export function createPlmsSampler(config: SchedulerConfig, options: OriginalOptions): OriginalSampler {
  const grid = gridOf('plms_sampler', config, options);
  const [first, ...rest] = grid.timesteps as [number, ...number[]];
  const timesteps = [first, rest[0] ?? first, ...rest];
  const { apply } = cleanBound('plms_sampler', config, options);
  return {
    name: 'plms_sampler',
    timesteps,
    sigmas: [],
    initNoiseSigma: 1,
    order: 1,
    notes: grid.notes,
    noiseRows: 2,
    startTimestep: grid.startTimestep,
    start: (begin = 0) => ({ evaluation: begin, history: [], scalars: {} }),
    scaleModelInput: (sample) => sample,
    needsNoise: () => true,
    step(modelOutput, sample, { evaluation, history }, noise) {
      requireEvaluation(evaluation, timesteps.length);
      const predicted = noisePart(modelOutput, sample);
      const drawn = requireNoise(noise);
      const stepped = (place: number, from: Tensor, blended: Tensor, kept: readonly Tensor[]) => ({
        sample: implicitStep(grid, place, from, blended, 0, drawn, apply),
        state: { evaluation: evaluation + 1, history: kept, scalars: {} } satisfies SchedulerState,
      });
      if (evaluation === 0) return stepped(0, sample, predicted, [predicted, sample]);
      if (evaluation === 1) {
        const [earlier, origin] = history as [Tensor, Tensor];
        return stepped(0, origin, divide(weightedSum([1, earlier], [1, predicted]), 2), [earlier]);
      }
      const known = [...history, predicted].slice(-4);
      return stepped(evaluation - 1, sample, extrapolated(known), known.slice(-3));
    },
    addNoise: (original, noise, evaluation) => {
      const place = evaluation < 2 ? Math.min(evaluation, grid.signal.length - 1) : evaluation - 1;
      return addNoiseAtAlpha(original, noise, f32(grid.signal[place]!));
    },
  };
}

/** Adams-Bashforth of order 2 to 4 over the newest predictions, oldest first. */
function extrapolated(history: readonly Tensor[]): Tensor {
  const [e, e1, e2, e3] = [...history].reverse() as [Tensor, Tensor, Tensor?, Tensor?];
  if (e2 === undefined) return divide(weightedSum([3, e], [-1, e1]), 2);
  if (e3 === undefined) return divide(weightedSum([23, e], [-16, e1], [5, e2]), 12);
  return divide(weightedSum([55, e], [-59, e1], [37, e2], [-9, e3]), 24);
}
