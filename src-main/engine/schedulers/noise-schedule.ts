import { add32, div32, exp32, f32, mul32, sqrt32, sub32 } from '../tensor/float32.ts';
import type { ConfigReader } from './config-reader.ts';
import { linspace32 } from './linspace.ts';

/** The training noise schedule: ᾱ_t for t = 0 .. trainTimesteps − 1. */
export interface NoiseSchedule {
  readonly trainTimesteps: number;
  /** Cumulative product of 1 − β, float32, falling. */
  readonly alphasCumprod: Float32Array;
}

const COMMON_BETA_SCHEDULES = ['linear', 'scaled_linear', 'squaredcos_cap_v2'] as const;
const MAX_BETA = 0.999;

export type BetaSchedule = (typeof COMMON_BETA_SCHEDULES)[number] | 'exp' | 'laplace' | 'sigmoid';

export interface NoiseScheduleDefaults {
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly betaSchedule: BetaSchedule;
  /** Beta schedules that only this class has. */
  readonly extraSchedules?: readonly BetaSchedule[];
  /**
   * What `rescale_betas_zero_snr` does at the last timestep: 'zero' leaves ᾱ = 0; 'tiny' sets 2⁻²⁴, so that its sigma
   * is finite; 'ignored' for classes without the key.
   */
  readonly zeroSnr: 'zero' | 'tiny' | 'ignored';
}

/** Defaults of most diffusers schedulers. */
export const LINEAR_BETAS: Omit<NoiseScheduleDefaults, 'zeroSnr'> = {
  betaStart: 0.0001,
  betaEnd: 0.02,
  betaSchedule: 'linear',
};

/**
 * Reads num_train_timesteps, beta_start, beta_end, beta_schedule, trained_betas and rescale_betas_zero_snr.
 * Reference: the constructors of the diffusers 0.42.1 schedulers. Betas are float32; the cumulative product
 * accumulates in float64 and rounds each entry, as torch.cumprod does.
 * @throws {AppError} invalid-model for values that are not supported.
 */
export function readNoiseSchedule(reader: ConfigReader, defaults: NoiseScheduleDefaults): NoiseSchedule {
  const trainTimesteps = reader.integer('num_train_timesteps', 1000, { min: 2, max: 1_000_000 });
  const betaStart = reader.number('beta_start', defaults.betaStart);
  const betaEnd = reader.number('beta_end', defaults.betaEnd);
  const schedule = reader.choice('beta_schedule', defaults.betaSchedule, [
    ...COMMON_BETA_SCHEDULES,
    ...(defaults.extraSchedules ?? []),
  ]);
  const trained = reader.numbers('trained_betas');
  if (trained && trained.length !== trainTimesteps) {
    reader.refuse('trained_betas', `${trainTimesteps} numbers, one for each training timestep`);
  }
  if (!trained && !(betaStart > 0 && betaStart < 1)) reader.refuse('beta_start', 'a number between 0 and 1');
  if (!trained && !(betaEnd > 0 && betaEnd < 1)) reader.refuse('beta_end', 'a number between 0 and 1');
  const betas = trained
    ? Float32Array.from(trained)
    : makeBetas(schedule, betaStart, betaEnd, trainTimesteps);

  const zeroSnr = defaults.zeroSnr !== 'ignored' && reader.boolean('rescale_betas_zero_snr', false);
  const alphasCumprod = cumulativeAlphas(zeroSnr ? rescaleToZeroSnr(betas) : betas);
  if (zeroSnr && defaults.zeroSnr === 'tiny') alphasCumprod[trainTimesteps - 1] = 2 ** -24;
  return { trainTimesteps, alphasCumprod };
}

function makeBetas(schedule: BetaSchedule, start: number, end: number, count: number): Float32Array {
  switch (schedule) {
    case 'linear':
      return linspace32(start, end, count);
    case 'scaled_linear':
      return linspace32(Math.sqrt(start), Math.sqrt(end), count).map((root) => mul32(root, root));
    case 'squaredcos_cap_v2':
      return betasOfAlphaBar(count, (t) => Math.cos((((t + 0.008) / 1.008) * Math.PI) / 2) ** 2);
    case 'exp':
      return betasOfAlphaBar(count, (t) => Math.exp(t * -12));
    case 'laplace':
      return betasOfAlphaBar(count, laplaceAlphaBar);
    case 'sigmoid':
      return linspace32(-6, 6, count).map((x) =>
        add32(mul32(div32(1, add32(1, exp32(-x))), end - start), start),
      );
  }
}

function laplaceAlphaBar(t: number): number {
  const sign = t > 0.5 ? -1 : 1;
  const snr = Math.exp(-0.5 * sign * Math.log(1 - 2 * Math.abs(0.5 - t) + 1e-6));
  return Math.sqrt(snr / (1 + snr));
}

function betasOfAlphaBar(count: number, alphaBar: (t: number) => number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) =>
    Math.min(1 - alphaBar((i + 1) / count) / alphaBar(i / count), MAX_BETA),
  );
}

function cumulativeAlphas(betas: Float32Array): Float32Array {
  let product = 1;
  return betas.map((beta) => {
    product *= f32(1 - beta);
    return product;
  });
}

/** Algorithm 1 of "Common Diffusion Noise Schedules and Sample Steps are Flawed" (arXiv 2305.08891). */
function rescaleToZeroSnr(betas: Float32Array): Float32Array {
  const roots = cumulativeAlphas(betas).map(sqrt32);
  const first = roots[0]!;
  const last = roots[roots.length - 1]!;
  const factor = div32(first, sub32(first, last));
  const alphasCumprod = roots.map((root) => {
    const moved = mul32(sub32(root, last), factor);
    return mul32(moved, moved);
  });
  return alphasCumprod.map((alpha, i) => sub32(1, i === 0 ? alpha : div32(alpha, alphasCumprod[i - 1]!)));
}
