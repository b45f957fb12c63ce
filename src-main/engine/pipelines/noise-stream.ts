import type { Noise } from '../../../src-shared/model/frame-spec.ts';
import { evaluateNoise } from '../interpolation/evaluate-noise.ts';
import { createGenerator, type TorchGenerator } from '../random/torch-generator.ts';
import { sizeOf, type Tensor } from '../tensor/tensor.ts';

/**
 * The noise of one frame, draw after draw. Every seed of the expression has a generator of its own, as
 * `generator=torch.Generator('cpu').manual_seed(seed)` is in the reference; every draw evaluates the whole expression
 * on the next values of each generator, so the variance of blended noise is kept at every step.
 */
export interface NoiseStream {
  /** The starting noise of shape [1, C, h, w]: an orbit draws twice the batch here, for its two axes. */
  first(dims: readonly number[]): Tensor;
  /** Any other draw: the noise of a scheduler's step or of the VAE's posterior. Orbits turn the starting noise only. */
  next(dims: readonly number[]): Tensor;
}

/** @throws {AppError} `invalid-input` for a seed that is no whole number from 0. */
export function openNoise(noise: Noise): NoiseStream {
  const generators = new Map<number, TorchGenerator>();
  const orbiting = new Set<number>();
  collectSeeds(noise, false, (seed, inOrbit) => {
    if (!generators.has(seed)) generators.set(seed, createGenerator(seed));
    // Decided by the expression, not by its angle: the generators must stand at the same place all the way round.
    if (inOrbit) orbiting.add(seed);
  });
  const still = withoutOrbits(noise);

  const first: NoiseStream['first'] = (dims) => {
    const draws = new Map<number, Tensor>();
    for (const [seed, generator] of generators) {
      draws.set(seed, generator.randn(orbiting.has(seed) ? [2 * dims[0]!, ...dims.slice(1)] : dims));
    }
    const size = sizeOf(dims);
    return evaluateNoise(noise, (seed, half) => ({
      dims,
      data: draws.get(seed)!.data.subarray(half * size, (half + 1) * size),
    }));
  };
  const next: NoiseStream['next'] = (dims) => {
    const draws = new Map([...generators].map(([seed, generator]) => [seed, generator.randn(dims)]));
    return evaluateNoise(still, (seed) => draws.get(seed)!);
  };
  return { first, next };
}

function collectSeeds(noise: Noise, inOrbit: boolean, found: (seed: number, inOrbit: boolean) => void): void {
  switch (noise.kind) {
    case 'seed':
      found(noise.seed, inOrbit);
      return;
    case 'blend':
      collectSeeds(noise.from, inOrbit, found);
      collectSeeds(noise.to, inOrbit, found);
      return;
    case 'mix':
      for (const term of noise.terms) collectSeeds(term.of, inOrbit, found);
      return;
    case 'orbit':
      collectSeeds(noise.of, true, found);
  }
}

function withoutOrbits(noise: Noise): Noise {
  switch (noise.kind) {
    case 'seed':
      return noise;
    case 'blend':
      return { ...noise, from: withoutOrbits(noise.from), to: withoutOrbits(noise.to) };
    case 'mix':
      return { ...noise, terms: noise.terms.map(({ weight, of }) => ({ weight, of: withoutOrbits(of) })) };
    case 'orbit':
      return withoutOrbits(noise.of);
  }
}
