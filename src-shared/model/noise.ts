import type { SeedMethod, SeedValue } from './channels.ts';
import type { Noise } from './frame-spec.ts';
import { tidy } from './numbers.ts';
import { sameJson } from './same-json.ts';

/** The noise of a seed, or the mix of a list of seeds (equal seeds joined, weights scaled to the sum 1, sorted). */
export function noiseOf(value: SeedValue): Noise {
  if (typeof value === 'number') return { kind: 'seed', seed: value };
  const weights = new Map<number, number>();
  for (const { seed, weight } of value) weights.set(seed, (weights.get(seed) ?? 0) + weight);
  const sum = [...weights.values()].reduce((total, weight) => total + weight, 0);
  const terms = [...weights]
    .map(([seed, weight]) => ({ weight: tidy(weight / sum), of: { kind: 'seed', seed } as const }))
    .filter(({ weight }) => weight !== 0)
    .sort((a, b) => a.of.seed - b.of.seed);
  const [only] = terms;
  return terms.length === 1 && only ? only.of : { kind: 'mix', terms };
}

/** From `from` (t = 0) to `to` (t = 1); the plain end at the ends, and for equal ends. */
export function blendNoise(method: SeedMethod, from: Noise, to: Noise, t: number): Noise {
  if (t === 0 || sameJson(from, to)) return from;
  if (t === 1) return to;
  return { kind: 'blend', method, from, to, t };
}

/**
 * Circular walk; whole turns count as none, so that a loop's last frame is its first. The orbit stays in the spec even
 * there: its generators draw twice the batch, which decides the later noise of ancestral steps. Undefined = no orbit.
 */
export function orbitNoise(of: Noise, turns: number | undefined): Noise {
  if (turns === undefined) return of;
  const part = tidy(turns - Math.floor(turns));
  return { kind: 'orbit', of, turns: part === 1 ? 0 : part };
}

/** `fresh` noise: `shift` (a frame's or a cell's number) on every seed. */
export function shiftSeeds(noise: Noise, shift: number): Noise {
  switch (noise.kind) {
    case 'seed': {
      const seed = noise.seed + shift;
      return {
        kind: 'seed',
        seed: seed <= Number.MAX_SAFE_INTEGER ? seed : seed - Number.MAX_SAFE_INTEGER - 1,
      };
    }
    case 'blend':
      return { ...noise, from: shiftSeeds(noise.from, shift), to: shiftSeeds(noise.to, shift) };
    case 'mix':
      return { ...noise, terms: noise.terms.map((term) => ({ ...term, of: shiftSeeds(term.of, shift) })) };
    case 'orbit':
      return { ...noise, of: shiftSeeds(noise.of, shift) };
  }
}
