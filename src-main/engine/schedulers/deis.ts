import { add32, div32, exp32, log32, mul32, sub32 } from '../tensor/float32.ts';
import { divide, scale, type Term, weightedSum } from '../tensor/ops.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { limitClean, readCleanLimits } from './clean-limits.ts';
import { readConfig } from './config-reader.ts';
import { LINEAR_BETAS, readNoiseSchedule } from './noise-schedule.ts';
import { readPredictionType } from './prediction.ts';
import type { Scheduler, SchedulerConfig, SchedulerOptions } from './scheduler.ts';
import { readSigmaSpread } from './sigma-schedules.ts';
import { readSigmaRange } from './sigma-space.ts';
import {
  addNoiseAtLevel,
  cleanAtLevel,
  noiseFromClean,
  planSolver,
  requireDistinctTimesteps,
  requireNoFlow,
  type SolverLevel,
  solverLevel,
} from './solver-space.ts';
import { requireEvaluation, requireOutputShape } from './step-guards.ts';
import { readSpacing } from './timestep-spacing.ts';

/** From this many steps on, the last steps keep their order. */
const MANY_STEPS = 15;

/** Antiderivative, in ρ, of the linear Lagrange polynomial in ln ρ that is 1 at b and 0 at c. */
function linearIntegral(rho: number, b: number, c: number): number {
  const top = mul32(rho, sub32(add32(-log32(c), log32(rho)), 1));
  return div32(top, sub32(log32(b), log32(c)));
}

/** The same for the quadratic polynomial that is 1 at b and 0 at c and d. */
function quadraticIntegral(rho: number, b: number, c: number, d: number): number {
  const [lt, lb, lc, ld] = [log32(rho), log32(b), log32(c), log32(d)];
  let sum = mul32(lc, add32(sub32(ld, lt), 1));
  sum = sub32(sum, mul32(ld, lt));
  sum = add32(sum, ld);
  sum = add32(sum, mul32(lt, lt));
  sum = sub32(sum, mul32(2, lt));
  sum = add32(sum, 2);
  return div32(mul32(rho, sum), mul32(sub32(lb, lc), sub32(lb, ld)));
}

/** How much each noise prediction, newest first, counts in a step of order 2 or 3; ρ = σ/α. */
function predictionWeights(to: SolverLevel, levels: readonly SolverLevel[]): number[] {
  const rhoOf = (level: SolverLevel): number => div32(level.sigma, level.alpha);
  const target = rhoOf(to);
  const nodes = levels.map(rhoOf);
  const [first] = nodes;
  return nodes.map((node, i) => {
    const b = nodes[(i + 1) % nodes.length]!;
    const integral =
      nodes.length === 2
        ? (rho: number) => linearIntegral(rho, node, b)
        : (rho: number) => quadraticIntegral(rho, node, b, nodes[(i + 2) % nodes.length]!);
    return sub32(integral(target), integral(first!));
  });
}

/**
 * "Fast Sampling of Diffusion Models with Exponential Integrator" (arXiv 2204.13902), log-ρ multistep, orders 1 to 3.
 * Reference: DEISMultistepScheduler, diffusers 0.42.1.
 */
export function createDeis(config: SchedulerConfig, options: SchedulerOptions): Scheduler {
  const reader = readConfig(config, 'deis');
  requireNoFlow(reader);
  const { alphasCumprod, trainTimesteps } = readNoiseSchedule(reader, {
    ...LINEAR_BETAS,
    zeroSnr: 'ignored',
  });
  const prediction = readPredictionType(reader);
  const limits = readCleanLimits(reader, { thresholding: true, clip: false });
  reader.choice('algorithm_type', 'deis', ['deis'], { dpmsolver: 'deis', 'dpmsolver++': 'deis' });
  reader.choice('solver_type', 'logrho', ['logrho'], {
    midpoint: 'logrho',
    heun: 'logrho',
    bh1: 'logrho',
    bh2: 'logrho',
  });
  const maxOrder = reader.integer('solver_order', 2, { min: 1, max: 3 });
  const lowerOrderFinal = reader.boolean('lower_order_final', true);
  const spread = readSigmaSpread(reader);
  const settings = {
    spacing: readSpacing(reader, 'linspace', { steps: options.steps, trainTimesteps }),
    last: trainTimesteps,
    spread,
    range: readSigmaRange(reader),
    rounds: (kind: string) => kind === 'karras',
    final: spread === 'table' ? 'table' : 'repeat',
  } as const;
  requireDistinctTimesteps(reader, settings);
  const plan = planSolver(alphasCumprod, settings);
  const { timesteps, sigmas } = plan;
  const levels = sigmas.map(solverLevel);

  const orderAt = (evaluation: number, known: number): number => {
    const remaining = timesteps.length - evaluation;
    const few = lowerOrderFinal && timesteps.length < MANY_STEPS;
    if (known < 1 || (remaining === 1 && few)) return 1;
    if (known < 2 || (remaining === 2 && few)) return Math.min(maxOrder, 2);
    return maxOrder;
  };

  /** @param outputs noise predictions, newest first, as many as the order */
  const advance = (sample: Tensor, evaluation: number, outputs: readonly Tensor[]): Tensor => {
    const to = levels[evaluation + 1]!;
    const from = levels[evaluation]!;
    if (outputs.length === 1) {
      const growth = sub32(exp32(sub32(to.lambda, from.lambda)), 1);
      return weightedSum([div32(to.alpha, from.alpha), sample], [-mul32(to.sigma, growth), outputs[0]!]);
    }
    const weights = predictionWeights(
      to,
      outputs.map((_, age) => levels[evaluation - age]!),
    );
    const terms = outputs.map((values, i): Term => [weights[i]!, values]);
    return scale(weightedSum([1, divide(sample, from.alpha)], ...terms), to.alpha);
  };

  return {
    name: 'deis',
    ...plan,
    initNoiseSigma: 1,
    order: 1,
    start: (begin = 0) => ({ evaluation: begin, history: [], scalars: {} }),
    scaleModelInput: (sample) => sample,
    needsNoise: () => false,
    step(modelOutput, sample, { evaluation, history }) {
      requireEvaluation(evaluation, timesteps.length);
      requireOutputShape(modelOutput, sample);
      const level = levels[evaluation]!;
      const denoised = limitClean(cleanAtLevel(prediction, modelOutput, sample, level), limits);
      const outputs = [...history, noiseFromClean(denoised, sample, level)].slice(-maxOrder);
      const order = orderAt(evaluation, history.length);
      return {
        sample: advance(sample, evaluation, outputs.toReversed().slice(0, order)),
        state: { evaluation: evaluation + 1, history: outputs, scalars: {} },
        denoised,
      };
    },
    addNoise: (original, noise, evaluation) => addNoiseAtLevel(original, noise, sigmas[evaluation]!),
  };
}
