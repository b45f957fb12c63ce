import { add32, div32, mul32, sqrt32, sub32 } from '../tensor/float32.ts';
import { divide, scale, subtract, weightedSum } from '../tensor/ops.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { readConfig } from './config-reader.ts';
import { LINEAR_BETAS, readNoiseSchedule } from './noise-schedule.ts';
import { addNoiseAtAlpha, noiseFromAlpha, readPredictionType } from './prediction.ts';
import type { Scheduler, SchedulerConfig, SchedulerOptions, SchedulerState } from './scheduler.ts';
import { requireEvaluation, requireOutputShape } from './step-guards.ts';
import { readSpacing, spaceTimesteps } from './timestep-spacing.ts';

/** Runge-Kutta timesteps at the start, four evaluations each. */
const RUNGE_KUTTA_TIMESTEPS = 4;

/** What PNDM carries from step to step, unpacked from the plain state. */
interface Memory {
  /** Evaluations done, counted from where sampling began. */
  counter: number;
  /** Up to four earlier noise predictions, oldest first. */
  outputs: Tensor[];
  /** The sample a Runge-Kutta or doubled first step started from. */
  kept: Tensor | undefined;
  /** The Runge-Kutta sum so far. */
  sum: Tensor | undefined;
}

function unpack(state: SchedulerState): Memory {
  const { counter = 0, outputs = 0, kept = 0, sum = 0 } = state.scalars;
  return {
    counter,
    outputs: state.history.slice(0, outputs),
    kept: kept ? state.history[outputs] : undefined,
    sum: sum ? state.history[outputs + kept] : undefined,
  };
}

function pack(evaluation: number, memory: Memory): SchedulerState {
  const { counter, outputs, kept, sum } = memory;
  return {
    evaluation,
    history: [...outputs, ...(kept ? [kept] : []), ...(sum ? [sum] : [])],
    scalars: { counter, outputs: outputs.length, kept: kept ? 1 : 0, sum: sum ? 1 : 0 },
  };
}

/** Adams-Bashforth combination of up to four noise predictions (arXiv 2202.09778, formula 12). */
function combine(outputs: readonly Tensor[]): Tensor {
  const [e1, e2, e3, e4] = outputs.toReversed();
  if (!e2) return e1!;
  if (!e3) return divide(weightedSum([3, e1!], [-1, e2]), 2);
  if (!e4) return divide(weightedSum([23, e1!], [-16, e2], [5, e3]), 12);
  return scale(weightedSum([55, e1!], [-59, e2], [37, e3], [-9, e4]), 1 / 24);
}

/**
 * "Pseudo Numerical Methods for Diffusion Models" (arXiv 2202.09778): with skip_prk_steps (Stable Diffusion) the
 * linear multistep method whose second timestep is evaluated twice, otherwise with Runge-Kutta steps first.
 * Reference: PNDMScheduler, diffusers 0.42.1.
 */
export function createPndm(config: SchedulerConfig, options: SchedulerOptions): Scheduler {
  const reader = readConfig(config, 'pndm');
  const { alphasCumprod, trainTimesteps } = readNoiseSchedule(reader, {
    ...LINEAR_BETAS,
    zeroSnr: 'ignored',
  });
  const finalAlpha = reader.boolean('set_alpha_to_one', false) ? 1 : alphasCumprod[0]!;
  const prediction = readPredictionType(reader, ['epsilon', 'v_prediction']);
  const skipRungeKutta = reader.boolean('skip_prk_steps', false);
  if (!skipRungeKutta && options.steps < RUNGE_KUTTA_TIMESTEPS) {
    reader.refuse('skip_prk_steps', `true with fewer than ${RUNGE_KUTTA_TIMESTEPS} steps`);
  }
  const spacing = readSpacing(reader, 'leading', { steps: options.steps, trainTimesteps });
  const { timesteps: spaced, notes } = spaceTimesteps(spacing, 'rounded');
  const stride = Math.floor(trainTimesteps / options.steps);
  const half = Math.floor(stride / 2);

  const rungeKutta = skipRungeKutta ? [] : rungeKuttaTimesteps(spaced, half);
  const multistep = skipRungeKutta
    ? [...spaced.slice(0, 2), ...spaced.slice(1)]
    : spaced.slice(RUNGE_KUTTA_TIMESTEPS - 1);
  const timesteps = [...rungeKutta, ...multistep];

  /** Formula 9 of the paper: from t to `previous` along one noise prediction. */
  const transfer = (sample: Tensor, t: number, previous: number, output: Tensor): Tensor => {
    const alpha = alphasCumprod[t]!;
    const alphaPrevious = previous >= 0 ? alphasCumprod[previous]! : finalAlpha;
    const beta = sub32(1, alpha);
    const predictedNoise = noiseFromAlpha(prediction, output, sample, alpha);
    const sampleShare = sqrt32(div32(alphaPrevious, alpha));
    const denominator = add32(
      mul32(alpha, sqrt32(sub32(1, alphaPrevious))),
      sqrt32(mul32(mul32(alpha, beta), alphaPrevious)),
    );
    const change = divide(scale(predictedNoise, sub32(alphaPrevious, alpha)), denominator);
    return subtract(scale(sample, sampleShare), change);
  };

  const stepRungeKutta = (output: Tensor, sample: Tensor, t: number, memory: Memory): Tensor => {
    const phase = memory.counter % 4;
    const previous = t - (memory.counter % 2 ? 0 : half);
    const base = rungeKutta[memory.counter - phase]!;
    let direction = output;
    if (phase === 0) {
      memory.sum = scale(output, 1 / 6);
      memory.outputs.push(output);
      memory.kept = sample;
    } else if (phase === 3) {
      direction = weightedSum([1, memory.sum!], [1 / 6, output]);
      memory.sum = undefined;
    } else {
      memory.sum = weightedSum([1, memory.sum!], [1 / 3, output]);
    }
    return transfer(memory.kept ?? sample, base, previous, direction);
  };

  const stepMultistep = (output: Tensor, sample: Tensor, t: number, memory: Memory): Tensor => {
    if (memory.counter === 1) {
      // The doubled timestep: repeats the first step with the average of both predictions.
      const average = divide(weightedSum([1, output], [1, memory.outputs[0]!]), 2);
      const from = memory.kept!;
      memory.kept = undefined;
      return transfer(from, t + stride, t, average);
    }
    memory.outputs = [...memory.outputs.slice(-3), output];
    if (memory.counter === 0) memory.kept = sample;
    return transfer(sample, t, t - stride, combine(memory.outputs));
  };

  return {
    name: 'pndm',
    timesteps,
    sigmas: [],
    initNoiseSigma: 1,
    order: 1,
    notes,
    start: (begin = 0) => pack(begin, { counter: 0, outputs: [], kept: undefined, sum: undefined }),
    scaleModelInput: (sample) => sample,
    needsNoise: () => false,
    step(modelOutput, sample, state) {
      const { evaluation } = state;
      requireEvaluation(evaluation, timesteps.length);
      requireOutputShape(modelOutput, sample);
      const memory = unpack(state);
      const t = timesteps[evaluation]!;
      const advance = memory.counter < rungeKutta.length ? stepRungeKutta : stepMultistep;
      const next = advance(modelOutput, sample, t, memory);
      memory.counter += 1;
      return { sample: next, state: pack(evaluation + 1, memory) };
    },
    addNoise: (original, noise, evaluation) =>
      addNoiseAtAlpha(original, noise, alphasCumprod[timesteps[evaluation]!]!),
  };
}

/** t, t−½, t−½, t' for the four highest timesteps (½: half a stride; t': the next timestep), highest first. */
function rungeKuttaTimesteps(spaced: readonly number[], half: number): number[] {
  const rising = spaced.slice(0, RUNGE_KUTTA_TIMESTEPS).reverse();
  const withHalves = rising.flatMap((t) => [t, t + half]).slice(0, -1);
  return withHalves
    .flatMap((t) => [t, t])
    .slice(1, -1)
    .reverse();
}
