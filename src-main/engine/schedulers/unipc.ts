import { div32, expm132, mul32, sub32 } from '../tensor/float32.ts';
import { divide, subtract, type Term, weightedSum } from '../tensor/ops.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { limitClean, readCleanLimits } from './clean-limits.ts';
import { readConfig } from './config-reader.ts';
import { solveLinear } from './linear-solve.ts';
import { LINEAR_BETAS, readNoiseSchedule } from './noise-schedule.ts';
import { readPredictionType } from './prediction.ts';
import type { Scheduler, SchedulerConfig, SchedulerOptions } from './scheduler.ts';
import { readSigmaSpread } from './sigma-schedules.ts';
import { readSigmaRange } from './sigma-space.ts';
import {
  addNoiseAtLevel,
  cleanAtLevel,
  noiseAtLevel,
  planSolver,
  requireDistinctTimesteps,
  requireNoFlow,
  type SolverLevel,
  solverLevel,
} from './solver-space.ts';
import { requireEvaluation, requireOutputShape } from './step-guards.ts';
import { readSpacing } from './timestep-spacing.ts';

interface Basis {
  /** φ₁ of the step. */
  readonly phi: number;
  /** B(h) of the paper. */
  readonly scale: number;
  /** Matrix and right side of the order conditions, `order` rows. */
  readonly rows: number[][];
  readonly right: number[];
  /** rᵢ of the earlier nodes, newest first; without the last one, which is 1. */
  readonly ratios: number[];
}

/**
 * Order conditions of UniPC (arXiv 2302.04867, section 3) for a step from `from` to `to`, with earlier nodes `earlier`,
 * newest first, as many as the order − 1.
 */
function orderConditions(
  to: SolverLevel,
  from: SolverLevel,
  earlier: readonly SolverLevel[],
  kind: { readonly bh1: boolean; readonly predictsClean: boolean },
): Basis {
  const h = sub32(to.lambda, from.lambda);
  const signed = kind.predictsClean ? -h : h;
  const phi = expm132(signed);
  const basis = kind.bh1 ? signed : phi;
  const ratios = earlier.map((level) => div32(sub32(level.lambda, from.lambda), h));
  const order = earlier.length + 1;
  const rows: number[][] = [];
  const right: number[] = [];
  let powers = [...ratios, 1].map(() => 1);
  let phiK = sub32(div32(phi, signed), 1);
  let factorial = 1;
  for (let i = 1; i <= order; i++) {
    rows.push(powers);
    powers = powers.map((power, k) => mul32(power, ratios[k] ?? 1));
    right.push(div32(mul32(phiK, factorial), basis));
    factorial *= i + 1;
    phiK = sub32(div32(phiK, signed), 1 / factorial);
  }
  return { phi, scale: basis, rows, right, ratios };
}

/**
 * "UniPC: A Unified Predictor-Corrector Framework" (arXiv 2302.04867), orders 1 to 3, B₁(h) and B₂(h).
 * Reference: UniPCMultistepScheduler, diffusers 0.42.1, except that terms of weight 0 are left out where the reference
 * multiplies them by an infinite B₁(h), which gives NaN.
 */
export function createUnipc(config: SchedulerConfig, options: SchedulerOptions): Scheduler {
  const reader = readConfig(config, 'unipc');
  requireNoFlow(reader);
  reader.requireUnset('solver_p');
  const { alphasCumprod, trainTimesteps } = readNoiseSchedule(reader, { ...LINEAR_BETAS, zeroSnr: 'tiny' });
  const prediction = readPredictionType(reader);
  const limits = readCleanLimits(reader, { thresholding: true, clip: false });
  const predictsClean = reader.boolean('predict_x0', true);
  const bh1 =
    reader.choice('solver_type', 'bh2', ['bh1', 'bh2'], { midpoint: 'bh2', heun: 'bh2', logrho: 'bh2' }) ===
    'bh1';
  const maxOrder = reader.integer('solver_order', 2, { min: 1, max: 3 });
  const lowerOrderFinal = reader.boolean('lower_order_final', true);
  const uncorrected = new Set(reader.numbers('disable_corrector') ?? []);
  const final = reader.choice('final_sigmas_type', 'zero', ['zero', 'sigma_min']);
  if (final === 'zero' && !predictsClean) reader.refuse('predict_x0', 'true (with final_sigmas_type zero)');
  if (final === 'zero' && !lowerOrderFinal && maxOrder > 1 && options.steps > 1) {
    reader.refuse('lower_order_final', 'true (with final_sigmas_type zero)');
  }
  const spread = readSigmaSpread(reader);
  const settings = {
    spacing: readSpacing(reader, 'linspace', { steps: options.steps, trainTimesteps }),
    last: trainTimesteps,
    spread,
    range: readSigmaRange(reader),
    rounds: (kind: string) => kind === 'karras',
    final: final === 'zero' ? 'zero' : spread === 'table' ? 'table' : 'repeat',
  } as const;
  requireDistinctTimesteps(reader, settings);
  const plan = planSolver(alphasCumprod, settings);
  const { timesteps, sigmas } = plan;
  const levels = sigmas.map(solverLevel);

  const convert = (output: Tensor, sample: Tensor, level: SolverLevel): Tensor =>
    predictsClean
      ? limitClean(cleanAtLevel(prediction, output, sample, level), limits)
      : noiseAtLevel(prediction, output, sample, level);

  /** What both parts share: the exponential step along the newest output, and the weight of the differences. */
  const base = (
    sample: Tensor,
    newest: Tensor,
    to: SolverLevel,
    from: SolverLevel,
    { phi, scale: b }: Basis,
  ) => {
    const weight = predictsClean ? to.alpha : to.sigma;
    const share = predictsClean ? div32(to.sigma, from.sigma) : div32(to.alpha, from.alpha);
    return {
      moved: weightedSum([share, sample], [-mul32(weight, phi), newest]),
      weight: mul32(weight, b),
    };
  };

  /** Σ ρᵢ·(mᵢ − m₀)/rᵢ over the earlier outputs. */
  const differenceTerms = (
    outputs: readonly Tensor[],
    ratios: readonly number[],
    rhos: readonly number[],
  ): Term[] => ratios.map((ratio, i) => [rhos[i]!, divide(subtract(outputs[i + 1]!, outputs[0]!), ratio)]);

  /** @param outputs newest first, as many as the order */
  const predict = (sample: Tensor, evaluation: number, outputs: readonly Tensor[]): Tensor => {
    const to = levels[evaluation + 1]!;
    const from = levels[evaluation]!;
    const earlier = outputs.slice(1).map((_, i) => levels[evaluation - 1 - i]!);
    const basis = orderConditions(to, from, earlier, { bh1, predictsClean });
    const { moved, weight } = base(sample, outputs[0]!, to, from, basis);
    if (earlier.length === 0) return moved;
    const rhos =
      earlier.length === 1
        ? [0.5]
        : solveLinear(
            basis.rows.slice(0, -1).map((row) => row.slice(0, -1)),
            basis.right.slice(0, -1),
          );
    const [first, ...rest] = differenceTerms(outputs, basis.ratios, rhos);
    return weightedSum([1, moved], [-weight, weightedSum(first!, ...rest)]);
  };

  /**
   * The sample of this evaluation again, now knowing the model's output there.
   * @param outputs earlier outputs, newest first, as many as the last step's order
   */
  const correct = (
    lastSample: Tensor,
    evaluation: number,
    outputs: readonly Tensor[],
    current: Tensor,
  ): Tensor => {
    const to = levels[evaluation]!;
    const from = levels[evaluation - 1]!;
    const earlier = outputs.slice(1).map((_, i) => levels[evaluation - 2 - i]!);
    const basis = orderConditions(to, from, earlier, { bh1, predictsClean });
    const { moved, weight } = base(lastSample, outputs[0]!, to, from, basis);
    const rhos = earlier.length === 0 ? [0.5] : solveLinear(basis.rows, basis.right);
    const newest: Term = [rhos[rhos.length - 1]!, subtract(current, outputs[0]!)];
    const [first, ...rest] = [...differenceTerms(outputs, basis.ratios, rhos), newest];
    return weightedSum([1, moved], [-weight, weightedSum(first!, ...rest)]);
  };

  return {
    name: 'unipc',
    ...plan,
    initNoiseSigma: 1,
    order: 1,
    start: (begin = 0) => ({ evaluation: begin, history: [], scalars: { order: 0 } }),
    scaleModelInput: (sample) => sample,
    needsNoise: () => false,
    step(modelOutput, givenSample, { evaluation, history, scalars }) {
      requireEvaluation(evaluation, timesteps.length);
      requireOutputShape(modelOutput, givenSample);
      // The history is the earlier outputs, oldest first, and the last sample behind them.
      const known = history.slice(0, -1);
      const lastSample = history.at(-1);
      const converted = convert(modelOutput, givenSample, levels[evaluation]!);
      const corrects = lastSample !== undefined && evaluation > 0 && !uncorrected.has(evaluation - 1);
      const sample = corrects
        ? correct(lastSample, evaluation, known.toReversed().slice(0, scalars.order!), converted)
        : givenSample;
      const outputs = [...known, converted].slice(-maxOrder);
      const limit = lowerOrderFinal ? Math.min(maxOrder, timesteps.length - evaluation) : maxOrder;
      const order = Math.min(limit, known.length + 1);
      return {
        sample: predict(sample, evaluation, outputs.toReversed().slice(0, order)),
        state: { evaluation: evaluation + 1, history: [...outputs, sample], scalars: { order } },
        ...(predictsClean ? { denoised: converted } : {}),
      };
    },
    addNoise: (original, noise, evaluation) => addNoiseAtLevel(original, noise, sigmas[evaluation]!),
  };
}
