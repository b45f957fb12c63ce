import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { Noise } from '../../../src-shared/model/frame-spec.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { lerp } from './lerp.ts';
import { linearCombination } from './linear-combination.ts';
import { rotation } from './rotation.ts';
import { slerp, slerpWeights } from './slerp.ts';

/** Which half of a seed's first draw of twice the batch; half 0 is the noise that the seed gives by itself. */
export type NoiseHalf = 0 | 1;

/** Noise with its share of each draw, to know its variance without measuring it. */
interface Mixture {
  readonly tensor: Tensor;
  readonly shares: ReadonlyMap<string, number>;
}

/**
 * The starting noise that an expression stands for. Ends of blends, a mix of one term and an orbit at whole turns are
 * bit-exactly the plain draw.
 *
 * A mix keeps the variance also when its terms share draws (two corners of a grid with one seed): the sum is divided
 * by its own standard deviation as the shares give it, which for independent terms is √Σ wᵢ² (COG, 2408.08558).
 * An orbit within an orbit adds its turns, because half 1 of an orbit is its quarter turn.
 * @param draw the half of the first draw of a seed, unit Gaussian, always the same for the same arguments
 * @throws {AppError} invalid-document when a mix has no terms, its terms cancel out, or a number is not finite.
 */
export function evaluateNoise(expression: Noise, draw: (seed: number, half: NoiseHalf) => Tensor): Tensor {
  const evaluate = (node: Noise, half: NoiseHalf): Mixture => {
    switch (node.kind) {
      case 'seed':
        return { tensor: draw(node.seed, half), shares: new Map([[`${node.seed}/${half}`, 1]]) };
      case 'blend': {
        const t = finite(node.t, 't of a noise blend');
        if (t === 0) return evaluate(node.from, half);
        if (t === 1) return evaluate(node.to, half);
        return blend(evaluate(node.from, half), evaluate(node.to, half), t, node.method);
      }
      case 'mix':
        return mix(
          node.terms
            .filter((term) => finite(term.weight, 'weight of a noise mix') !== 0)
            .map((term) => ({ weight: term.weight, of: evaluate(term.of, half) })),
        );
      case 'orbit': {
        const [cos, sin] = rotation(finite(node.turns, 'turns of a noise orbit') + half / 4);
        if (sin === 0 && cos === 1) return evaluate(node.of, 0);
        return combine([cos, sin], [evaluate(node.of, 0), evaluate(node.of, 1)]);
      }
    }
  };
  return evaluate(expression, 0).tensor;
}

function blend(from: Mixture, to: Mixture, t: number, method: 'slerp' | 'lerp'): Mixture {
  const weights = (method === 'slerp' ? slerpWeights(from.tensor.data, to.tensor.data, t) : undefined) ?? [
    1 - t,
    t,
  ];
  const tensor = method === 'slerp' ? slerp(from.tensor, to.tensor, t) : lerp(from.tensor, to.tensor, t);
  return { tensor, shares: combineShares(weights, [from, to]) };
}

function mix(terms: readonly { readonly weight: number; readonly of: Mixture }[]): Mixture {
  if (terms.length === 0) {
    throw new AppError(
      'invalid-document',
      'A noise mix has no term with a weight other than 0; one or more are needed.',
    );
  }
  const weights = terms.map((term) => term.weight);
  const parts = terms.map((term) => term.of);
  const squares = weights.reduce((sum, weight) => sum + weight * weight, 0);
  const wanted = parts.reduce((sum, part, i) => sum + weights[i]! ** 2 * variance(part.shares), 0) / squares;
  const found = variance(combineShares(weights, parts));
  if (!(found > 1e-12 * squares)) {
    throw new AppError(
      'invalid-document',
      'The terms of a noise mix cancel each other out; change their weights or seeds.',
    );
  }
  const scale = Math.sqrt(wanted / found);
  return combine(
    weights.map((weight) => weight * scale),
    parts,
  );
}

function combine(weights: readonly number[], parts: readonly Mixture[]): Mixture {
  return {
    tensor: linearCombination(
      weights,
      parts.map((part) => part.tensor),
    ),
    shares: combineShares(weights, parts),
  };
}

function combineShares(weights: readonly number[], parts: readonly Mixture[]): Map<string, number> {
  const shares = new Map<string, number>();
  parts.forEach((part, i) => {
    for (const [key, share] of part.shares) shares.set(key, (shares.get(key) ?? 0) + weights[i]! * share);
  });
  return shares;
}

function variance(shares: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const share of shares.values()) sum += share * share;
  return sum;
}

function finite(value: number, what: string): number {
  if (!Number.isFinite(value))
    throw new AppError('invalid-document', `The ${what} is ${value}; a finite number is needed.`);
  return value;
}
