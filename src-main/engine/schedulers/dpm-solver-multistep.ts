import type { SchedulerName } from '../../../src-shared/model/frame-spec.ts';
import { add32, div32, exp32, f32, log32, mul32, sqrt32, sub32 } from '../tensor/float32.ts';
import { channels, scale, subtract, type Term, weightedSum } from '../tensor/ops.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { limitClean, readCleanLimits } from './clean-limits.ts';
import { type ConfigReader, readConfig } from './config-reader.ts';
import { LINEAR_BETAS, type NoiseSchedule, readNoiseSchedule } from './noise-schedule.ts';
import { readPredictionType } from './prediction.ts';
import type { Scheduler, SchedulerConfig, SchedulerOptions } from './scheduler.ts';
import { readSigmaSpread } from './sigma-schedules.ts';
import { readSigmaRange } from './sigma-space.ts';
import {
  addNoiseAtLevel,
  cleanAtLevel,
  noiseAtLevel,
  noiseFromClean,
  planSolver,
  requireDistinctTimesteps,
  requireNoFlow,
  type SolverLevel,
  solverLevel,
} from './solver-space.ts';
import { requireEvaluation, requireNoise, requireOutputShape } from './step-guards.ts';
import { readSpacing } from './timestep-spacing.ts';

const ALGORITHMS = ['dpmsolver++', 'sde-dpmsolver++', 'dpmsolver', 'sde-dpmsolver'] as const;
type Algorithm = (typeof ALGORITHMS)[number];
const SOLVERS = ['midpoint', 'heun'] as const;
type Solver = (typeof SOLVERS)[number];
/** From this many steps on, the last steps keep their order. */
const MANY_STEPS = 15;

interface Update {
  readonly algorithm: Algorithm;
  readonly solver: Solver;
  readonly sample: Tensor;
  readonly noise: Tensor | undefined;
  /** The level the step leads to, and those of the outputs, newest first. */
  readonly to: SolverLevel;
  readonly levels: readonly SolverLevel[];
  /** Converted model outputs, newest first. */
  readonly outputs: readonly Tensor[];
}

/** Coefficients of the differences D0 (the newest output), D1 and D2 of an update of a given order. */
function differenceWeights(
  order: number,
  { algorithm, solver, to }: Update,
  h: number,
): [number, number, number] {
  // Linear and quadratic remainders of the exponential, with the signs of the update they belong to.
  const linear = (value: number, over: number, sign: number): number => add32(div32(value, over), sign);
  const useLinear = order === 3 || solver === 'heun';
  switch (algorithm) {
    case 'dpmsolver++': {
      const e = sub32(exp32(-h), 1);
      const d0 = -mul32(to.alpha, e);
      return [
        d0,
        useLinear ? mul32(to.alpha, linear(e, h, 1)) : mul32(0.5, d0),
        -mul32(to.alpha, sub32(div32(add32(e, h), mul32(h, h)), 0.5)),
      ];
    }
    case 'dpmsolver': {
      const e = sub32(exp32(h), 1);
      const d0 = -mul32(to.sigma, e);
      return [
        d0,
        useLinear ? -mul32(to.sigma, linear(e, h, -1)) : mul32(0.5, d0),
        -mul32(to.sigma, sub32(div32(sub32(e, h), mul32(h, h)), 0.5)),
      ];
    }
    case 'sde-dpmsolver++': {
      const e = sub32(1, exp32(mul32(-2, h)));
      const d0 = mul32(to.alpha, e);
      const twice = mul32(2, h);
      return [
        d0,
        useLinear ? mul32(to.alpha, linear(e, mul32(-2, h), 1)) : mul32(0.5, d0),
        mul32(to.alpha, sub32(div32(sub32(e, twice), mul32(twice, twice)), 0.5)),
      ];
    }
    case 'sde-dpmsolver': {
      const product = mul32(to.sigma, sub32(exp32(h), 1));
      const slope = mul32(to.sigma, linear(sub32(exp32(h), 1), h, -1));
      return [mul32(-2, product), useLinear ? mul32(-2, slope) : -product, 0];
    }
  }
}

/** Factor of the sample in the update. */
function sampleWeight({ algorithm, to, levels }: Update, h: number): number {
  const from = levels[0]!;
  switch (algorithm) {
    case 'dpmsolver++':
      return div32(to.sigma, from.sigma);
    case 'sde-dpmsolver++':
      return mul32(div32(to.sigma, from.sigma), exp32(-h));
    case 'dpmsolver':
    case 'sde-dpmsolver':
      return div32(to.alpha, from.alpha);
  }
}

/** The differences D1 and D2 for the orders 2 and 3. */
function differences(order: number, { levels, outputs }: Update, h: number): Tensor[] {
  const [s0, s1, s2] = levels;
  const [m0, m1, m2] = outputs;
  if (order === 1) return [];
  const r0 = div32(sub32(s0!.lambda, s1!.lambda), h);
  const newer = scale(subtract(m0!, m1!), div32(1, r0));
  if (order === 2) return [newer];
  const r1 = div32(sub32(s1!.lambda, s2!.lambda), h);
  const older = scale(subtract(m1!, m2!), div32(1, r1));
  const change = subtract(newer, older);
  const both = add32(r0, r1);
  return [weightedSum([1, newer], [div32(r0, both), change]), scale(change, div32(1, both))];
}

function update(order: number, step: Update): Tensor {
  const { algorithm, to, levels, outputs, sample, noise } = step;
  const h = sub32(to.lambda, levels[0]!.lambda);
  // Two equal noise levels: nothing to do, and the higher orders would divide by zero.
  const usable = h === 0 ? 1 : order;
  const weights = differenceWeights(usable, step, h);
  const terms: Term[] = [outputs[0]!, ...differences(usable, step, h)].map((values, i) => [
    weights[i]!,
    values,
  ]);
  if (algorithm === 'sde-dpmsolver++') {
    const spread = mul32(to.sigma, sqrt32(sub32(1, exp32(mul32(-2, h)))));
    terms.push([spread, requireNoise(noise)]);
  } else if (algorithm === 'sde-dpmsolver') {
    const spread = mul32(to.sigma, sqrt32(sub32(exp32(mul32(2, h)), 1)));
    terms.push([spread, requireNoise(noise)]);
  }
  return weightedSum([sampleWeight(step, h), sample], ...terms);
}

/** Training timesteps left when those with λ below lambda_min_clipped are not used. */
function usableTimesteps(reader: ConfigReader, config: SchedulerConfig, schedule: NoiseSchedule): number {
  const value = config.lambda_min_clipped;
  // Python writes minus infinity, the default, in ways that JSON readers turn into a text or null.
  if (typeof value === 'string' && /^-inf(inity)?$/i.test(value)) return schedule.trainTimesteps;
  if (value === Number.NEGATIVE_INFINITY) return schedule.trainTimesteps;
  const minimum = reader.optionalNumber('lambda_min_clipped');
  if (minimum === null) return schedule.trainTimesteps;
  const below = schedule.alphasCumprod.filter(
    (alpha) => sub32(log32(sqrt32(alpha)), log32(sqrt32(sub32(1, alpha)))) < f32(minimum),
  ).length;
  const left = schedule.trainTimesteps - below;
  if (left < 2) reader.refuse('lambda_min_clipped', 'a number below the largest log signal-to-noise ratio');
  return left;
}

/**
 * DPM-Solver++ and DPM-Solver, multistep, orders 1 to 3, as ODE and SDE (arXiv 2206.00927, 2211.01095).
 * Reference: DPMSolverMultistepScheduler, diffusers 0.42.1. The SDE kinds draw plain noise before every update, the
 * last included. Between two equal noise levels the first-order update is taken (the higher ones are NaN there).
 */
export function createDpmSolverMultistep(
  name: SchedulerName,
  config: SchedulerConfig,
  options: SchedulerOptions,
): Scheduler {
  const reader = readConfig(config, name);
  requireNoFlow(reader);
  const schedule = readNoiseSchedule(reader, { ...LINEAR_BETAS, zeroSnr: 'tiny' });
  const { alphasCumprod, trainTimesteps } = schedule;
  const prediction = readPredictionType(reader);
  const limits = readCleanLimits(reader, { thresholding: true, clip: false });
  const algorithm = reader.choice('algorithm_type', 'dpmsolver++', ALGORITHMS, { deis: 'dpmsolver++' });
  const solver = reader.choice('solver_type', 'midpoint', SOLVERS, {
    logrho: 'midpoint',
    bh1: 'midpoint',
    bh2: 'midpoint',
  });
  const maxOrder = reader.integer('solver_order', 2, { min: 1, max: 3 });
  if (algorithm === 'sde-dpmsolver' && maxOrder === 3) {
    reader.refuse('solver_order', '1, 2 (with algorithm_type sde-dpmsolver)');
  }
  const lowerOrderFinal = reader.boolean('lower_order_final', true);
  const eulerAtFinal = reader.boolean('euler_at_final', false);
  const final = reader.choice('final_sigmas_type', 'zero', ['zero', 'sigma_min']);
  const predictsClean = algorithm === 'dpmsolver++' || algorithm === 'sde-dpmsolver++';
  const stochastic = algorithm === 'sde-dpmsolver++' || algorithm === 'sde-dpmsolver';
  if (!predictsClean && final === 'zero') {
    reader.refuse('final_sigmas_type', `sigma_min (with algorithm_type ${algorithm})`);
  }
  const varianceType = reader.choice('variance_type', 'none', [
    'none',
    'learned',
    'learned_range',
    'fixed_small',
    'fixed_small_log',
    'fixed_large',
    'fixed_large_log',
  ]);
  const learnsVariance = varianceType === 'learned' || varianceType === 'learned_range';
  const squaredCosine = config.beta_schedule === 'squaredcos_cap_v2';
  const settings = {
    spacing: readSpacing(reader, 'linspace', { steps: options.steps, trainTimesteps }),
    last: usableTimesteps(reader, config, schedule),
    spread: readSigmaSpread(reader, true),
    range: readSigmaRange(reader),
    rounds: (spread: string) => (spread === 'karras' || spread === 'lu') && !squaredCosine,
    final: final === 'zero' ? 'zero' : 'table',
  } as const;
  requireDistinctTimesteps(reader, settings);
  const plan = planSolver(alphasCumprod, settings);
  const { timesteps, sigmas } = plan;
  const levels = sigmas.map(solverLevel);

  const convert = (modelOutput: Tensor, sample: Tensor, level: SolverLevel): Tensor => {
    const output =
      learnsVariance && prediction === 'epsilon'
        ? channels(modelOutput, 0, sample.dims[1] ?? 1)
        : modelOutput;
    requireOutputShape(output, sample);
    if (predictsClean) return limitClean(cleanAtLevel(prediction, output, sample, level), limits);
    const noise = noiseAtLevel(prediction, output, sample, level);
    if (limits.kind === 'none') return noise;
    return noiseFromClean(limitClean(cleanAtLevel('epsilon', noise, sample, level), limits), sample, level);
  };

  const orderAt = (evaluation: number, known: number): number => {
    const remaining = timesteps.length - evaluation;
    const few = lowerOrderFinal && timesteps.length < MANY_STEPS;
    if (known < 1 || (remaining === 1 && (eulerAtFinal || few || final === 'zero'))) return 1;
    if (known < 2 || (remaining === 2 && few)) return Math.min(maxOrder, 2);
    return maxOrder;
  };

  return {
    name,
    ...plan,
    initNoiseSigma: 1,
    order: 1,
    start: (begin = 0) => ({ evaluation: begin, history: [], scalars: {} }),
    scaleModelInput: (sample) => sample,
    needsNoise: () => stochastic,
    step(modelOutput, sample, { evaluation, history }, noise) {
      requireEvaluation(evaluation, timesteps.length);
      const level = levels[evaluation]!;
      const converted = convert(modelOutput, sample, level);
      const outputs = [...history, converted].slice(-maxOrder);
      const next = update(orderAt(evaluation, history.length), {
        algorithm,
        solver,
        sample,
        noise,
        to: levels[evaluation + 1]!,
        levels: outputs.map((_, age) => levels[evaluation - age]!),
        outputs: outputs.toReversed(),
      });
      return {
        sample: next,
        state: { evaluation: evaluation + 1, history: outputs, scalars: {} },
        ...(predictsClean ? { denoised: converted } : {}),
      };
    },
    addNoise: (original, noise, evaluation) => addNoiseAtLevel(original, noise, sigmas[evaluation]!),
  };
}
