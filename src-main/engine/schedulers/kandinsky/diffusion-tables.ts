/**
 * Noise levels of the original Kandinsky samplers, in float64: tables are made of them and rounded to float32 where
 * they meet tensors. Numbers: research on the original implementation (betas linear or cosine, respaced).
 */
export interface DiffusionTables {
  /** The training timestep of each kept step, rising. */
  readonly timesteps: readonly number[];
  /** β, ᾱ and ᾱ of the step before, per kept step. */
  readonly betas: readonly number[];
  readonly alphasCumprod: readonly number[];
  readonly alphasCumprodPrevious: readonly number[];
  /** ln of the posterior variance; the first entry, which would be −∞, is the second one's. */
  readonly posteriorLogVariance: readonly number[];
}

/** β rising from `start` to `end`, both included. */
export function linearBetas(start: number, end: number, count: number): number[] {
  const step = (end - start) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? end : start + i * step));
}

/** β of the squared-cosine schedule, at most 0.999. */
export function cosineBetas(count: number): number[] {
  const signal = (t: number): number => Math.cos((((t + 0.008) / 1.008) * Math.PI) / 2) ** 2;
  return Array.from({ length: count }, (_, i) =>
    Math.min(1 - signal((i + 1) / count) / signal(i / count), 0.999),
  );
}

/** ᾱ: the running product of 1 − β. */
export function cumulativeSignal(betas: readonly number[]): number[] {
  let product = 1;
  return betas.map((beta) => (product *= 1 - beta));
}

/**
 * `steps` of `count` timesteps, from 0 to the last one, evenly spaced and rounded half to even, rising.
 * @param steps 2 or more: the only step of 1 would have no variance
 */
export function respaced(steps: number, count: number): number[] {
  const stride = (count - 1) / (steps - 1);
  const kept: number[] = [];
  let at = 0;
  for (let i = 0; i < steps; i++, at += stride) kept.push(roundHalfEven(at));
  return kept;
}

/** The tables over the kept timesteps: β' = 1 − ᾱ_k/ᾱ_(k−1), and what follows from it. */
export function tablesOf(betas: readonly number[], kept: readonly number[]): DiffusionTables {
  const all = cumulativeSignal(betas);
  let last = 1;
  const own = kept.map((t) => {
    const beta = 1 - all[t]! / last;
    last = all[t]!;
    return beta;
  });
  const alphasCumprod = cumulativeSignal(own);
  const alphasCumprodPrevious = [1, ...alphasCumprod.slice(0, -1)];
  const variance = own.map((beta, k) => (beta * (1 - alphasCumprodPrevious[k]!)) / (1 - alphasCumprod[k]!));
  const posteriorLogVariance = variance.map((value, k) => Math.log(k === 0 ? variance[1]! : value));
  return { timesteps: kept, betas: own, alphasCumprod, alphasCumprodPrevious, posteriorLogVariance };
}

/** Shares of the clean sample and of the present one in the mean of the step before. */
export function posteriorMean(tables: DiffusionTables, k: number): { clean: number; sample: number } {
  const beta = tables.betas[k]!;
  const alpha = tables.alphasCumprod[k]!;
  const previous = tables.alphasCumprodPrevious[k]!;
  return {
    clean: (beta * Math.sqrt(previous)) / (1 - alpha),
    sample: ((1 - previous) * Math.sqrt(1 - beta)) / (1 - alpha),
  };
}

export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
