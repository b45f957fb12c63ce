import { div32, log32, sqrt32, sub32 } from '../tensor/float32.ts';
import { betaQuantile } from './beta-distribution.ts';
import type { ConfigReader } from './config-reader.ts';
import { linspace64 } from './linspace.ts';

/** How the noise levels are spread between the largest and the smallest. */
export type SigmaSpread = 'table' | 'karras' | 'exponential' | 'beta' | 'lu';

/** σ_t = √((1 − ᾱ_t) / ᾱ_t), rising with t, float32. */
export function sigmaTable(alphasCumprod: Float32Array): Float32Array {
  return alphasCumprod.map((alpha) => sqrt32(div32(sub32(1, alpha), alpha)));
}

/** ln σ of the table, float32. */
export function logSigmaTable(sigmas: Float32Array): Float32Array {
  return sigmas.map(log32);
}

/** The table's noise levels at timesteps that may be fractional, linearly interpolated in float64 (numpy.interp). */
export function sigmasAt(timesteps: readonly number[], table: Float32Array): number[] {
  const last = table.length - 1;
  return timesteps.map((t) => {
    if (t <= 0) return table[0]!;
    if (t >= last) return table[last]!;
    const low = Math.floor(t);
    return (table[low + 1]! - table[low]!) * (t - low) + table[low]!;
  });
}

/**
 * Reads use_karras_sigmas, use_exponential_sigmas, use_beta_sigmas and, where the class has it, use_lu_lambdas.
 * @throws {AppError} invalid-model when more than one of the first three is on.
 */
export function readSigmaSpread(reader: ConfigReader, withLu = false): SigmaSpread {
  const chosen = (['karras', 'exponential', 'beta'] as const).filter((spread) =>
    reader.boolean(`use_${spread}_sigmas`, false),
  );
  if (chosen.length > 1) {
    reader.refuse(`use_${chosen[1]}_sigmas`, `false, because use_${chosen[0]}_sigmas is on too`);
  }
  if (withLu && chosen[0] !== 'karras' && reader.boolean('use_lu_lambdas', false)) return 'lu';
  return chosen[0] ?? 'table';
}

/**
 * `count` noise levels from `max` down to `min`, float64.
 * karras: Karras et al. 2022, equation 5, ρ = 7. exponential: even in ln σ. beta: quantiles of Beta(0.6, 0.6)
 * (arXiv 2407.12173). lu: even in ln σ, computed from the logarithms as they are (DPM-Solver, arXiv 2206.00927).
 */
export function spreadSigmas(
  spread: Exclude<SigmaSpread, 'table'>,
  count: number,
  range: { readonly min: number; readonly max: number },
): number[] {
  const { min, max } = range;
  switch (spread) {
    case 'karras': {
      const from = max ** (1 / 7);
      const to = min ** (1 / 7);
      return linspace64(0, 1, count).map((share) => (from + share * (to - from)) ** 7);
    }
    case 'exponential':
      return linspace64(Math.log(max), Math.log(min), count).map(Math.exp);
    case 'beta':
      return linspace64(0, 1, count).map((share) => min + betaQuantile(1 - share, 0.6, 0.6) * (max - min));
    case 'lu': {
      const from = log32(max);
      const to = log32(min);
      return linspace64(0, 1, count).map((share) => Math.exp(from + share * (to - from)));
    }
  }
}

/**
 * The fractional timestep of a noise level: ln σ placed between two neighbours of the table
 * (`_sigma_to_t` of diffusers 0.42.1; float64 but for the neighbours' float32 distance).
 */
export function timestepOfSigma(sigma: number, logSigmas: Float32Array): number {
  const value = Math.log(Math.max(sigma, 1e-10));
  let low = 0;
  for (let i = 0; i < logSigmas.length; i++) if (value >= logSigmas[i]!) low = i;
  low = Math.min(low, logSigmas.length - 2);
  const below = logSigmas[low]!;
  const share = (below - value) / sub32(below, logSigmas[low + 1]!);
  const w = Math.min(Math.max(share, 0), 1);
  return (1 - w) * low + w * (low + 1);
}
