import { AppError } from '../../../src-shared/kernel/errors.ts';
import {
  type BlendMethod,
  type Conditioning,
  type Expression,
  type NoText,
  type TextLeaf,
  textsOf,
} from '../../../src-shared/model/frame-spec.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { catmullRom } from './catmull-rom.ts';
import { lerp, nlerp } from './lerp.ts';
import { linearCombination } from './linear-combination.ts';
import { slerp, slerpTokens } from './slerp.ts';
import { offset } from './step-walk.ts';

const BLENDS: { readonly [method in BlendMethod]: (from: Tensor, to: Tensor, t: number) => Tensor } = {
  lerp,
  nlerp,
  slerp,
  'slerp-tokens': slerpTokens,
};

export interface ConditioningOptions {
  /**
   * Lengthens an embedding to so many tokens, usually with the encoded chunks of the empty prompt. Needed when
   * prompts of one expression have different numbers of chunks; all are brought to the longest one's, at the keys
   * too, so that a morph does not jump there.
   */
  readonly padTo?: (embedding: Tensor, tokens: number) => Tensor;
  /** What stands for a prompt that was not given, in the shape of the others. */
  readonly none?: () => Tensor;
}

/**
 * The embedding that a conditioning expression stands for. A blend at t = 0 or 1, a spline at its ends and a mix of
 * one term of weight 1 are bit-exactly that key.
 * @param embeddingOf embedding of a prompt, [1, tokens, width] (or [1, width] of a pooled vector)
 * @throws {AppError} invalid-input when prompts have different shapes that cannot be padded; invalid-document when
 * the expression has no terms or a number in it is not finite.
 */
export function evaluateConditioning(
  expression: Conditioning,
  embeddingOf: (text: string) => Tensor,
  options: ConditioningOptions = {},
): Tensor {
  const embeddings = equalLengths(
    new Map(textsOf(expression).map((text) => [text, embeddingOf(text)])),
    options,
  );
  return evaluateExpression<TextLeaf | NoText>(expression, (leaf) => {
    if (leaf.kind === 'text') return embeddings.get(leaf.text)!;
    if (options.none === undefined)
      throw new AppError('internal', 'This model has no encoding for an absent prompt.');
    return options.none();
  });
}

/**
 * The embedding that an expression over other leaves stands for, as {@link evaluateConditioning} for texts.
 * @param valueOf embedding of a leaf; all have one shape
 */
export function evaluateExpression<Leaf extends { readonly kind: string }>(
  expression: Expression<Leaf>,
  valueOf: (leaf: Leaf) => Tensor,
): Tensor {
  const evaluate = (of: Expression<Leaf>): Tensor => {
    const node = of as Expression<{ readonly kind: 'leaf' }>;
    const inner = (part: typeof node): Tensor => evaluate(part as Expression<Leaf>);
    switch (node.kind) {
      case 'mix': {
        if (node.terms.length === 0)
          throw new AppError('invalid-document', 'A prompt mix has no terms; one or more are needed.');
        const weights = node.terms.map((term) => finite(term.weight, 'weight of a prompt mix'));
        return linearCombination(
          weights,
          node.terms.map((term) => inner(term.of)),
        );
      }
      case 'blend':
        return BLENDS[node.method](inner(node.from), inner(node.to), finite(node.t, 't of a prompt blend'));
      case 'spline': {
        const [a, b, c, d] = node.points;
        const points = [inner(a), inner(b), inner(c), inner(d)] as const;
        return catmullRom(points, finite(node.t, 't of a prompt spline'));
      }
      case 'offset':
        return offset(inner(node.of), finite(node.amount, 'embedding offset'));
      default:
        return valueOf(of as Leaf);
    }
  };
  return evaluate(expression);
}

function finite(value: number, what: string): number {
  if (!Number.isFinite(value))
    throw new AppError('invalid-document', `The ${what} is ${value}; a finite number is needed.`);
  return value;
}

function equalLengths(embeddings: Map<string, Tensor>, options: ConditioningOptions): Map<string, Tensor> {
  const [first] = embeddings;
  if (!first) return embeddings;
  const shape = (tensor: Tensor): string => tensor.dims.join(', ');
  if ([...embeddings.values()].every((tensor) => shape(tensor) === shape(first[1]))) return embeddings;
  const tokensOf = (tensor: Tensor): number => (tensor.dims.length === 3 ? tensor.dims[1]! : 0);
  const [longestText, longest] = [...embeddings].reduce((a, b) => (tokensOf(b[1]) > tokensOf(a[1]) ? b : a));
  const tokens = tokensOf(longest);
  const result = new Map<string, Tensor>();
  for (const [text, tensor] of embeddings) {
    const padded = options.padTo && tokensOf(tensor) < tokens ? options.padTo(tensor, tokens) : tensor;
    if (shape(padded) !== shape(longest)) {
      throw new AppError(
        'invalid-input',
        `The prompts ${quote(text)} and ${quote(longestText)} have embeddings of different shapes, [${shape(tensor)}] ` +
          `and [${shape(longest)}], so there is nothing in between; shorten the longer one or set long prompts to "truncate".`,
      );
    }
    result.set(text, padded);
  }
  return result;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
