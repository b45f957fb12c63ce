import type { PromptMethod, PromptValue } from './channels.ts';
import type { BlendMethod, Conditioning, Expression, FourPoints } from './frame-spec.ts';
import { tidy } from './numbers.ts';
import { sameJson } from './same-json.ts';

// Canonical forms: two ways of writing the same conditioning give one expression, and so one cache key.

/**
 * The conditioning of a prompt. A list's equal texts are joined, its weights scaled to the sum 1, its terms sorted
 * by text; terms of weight 0 go, and a single term is the plain text.
 */
export function conditioningOf(prompt: PromptValue): Conditioning {
  if (typeof prompt === 'string') return { kind: 'text', text: prompt };
  const weights = new Map<string, number>();
  for (const { text, weight } of prompt) weights.set(text, (weights.get(text) ?? 0) + weight);
  const sum = [...weights.values()].reduce((total, weight) => total + weight, 0);
  const terms = [...weights]
    .map(([text, weight]) => ({ weight: tidy(weight / sum), of: { kind: 'text', text } as const }))
    .filter(({ weight }) => weight !== 0)
    .sort((a, b) => (a.of.text < b.of.text ? -1 : 1));
  const [only] = terms;
  return terms.length === 1 && only ? only.of : { kind: 'mix', terms };
}

/** From `from` (t = 0) to `to` (t = 1); the plain end at the ends, and for equal ends. */
export function blendConditioning<Leaf>(
  method: BlendMethod,
  from: Expression<Leaf>,
  to: Expression<Leaf>,
  t: number,
): Expression<Leaf> {
  if (t === 0 || sameJson(from, to)) return from;
  if (t === 1) return to;
  return { kind: 'blend', method, from, to, t };
}

/**
 * Between the second and the third of four keys; the plain key at its ends. Equal inner keys are a hold, whatever
 * their neighbours.
 */
export function splineConditioning<Leaf>(points: FourPoints<Leaf>, t: number): Expression<Leaf> {
  const [, from, to] = points;
  if (t === 0 || sameJson(from, to)) return from;
  if (t === 1) return to;
  return { kind: 'spline', points, t };
}

/** An absent prompt is an empty one, for models that make no difference between them. */
export function absentAsEmpty(conditioning: Conditioning): Conditioning {
  switch (conditioning.kind) {
    case 'text':
      return conditioning;
    case 'none':
      return { kind: 'text', text: '' };
    case 'mix':
      return {
        kind: 'mix',
        terms: conditioning.terms.map(({ weight, of }) => ({ weight, of: absentAsEmpty(of) })),
      };
    case 'blend': {
      const { method, from, to, t } = conditioning;
      return blendConditioning(method, absentAsEmpty(from), absentAsEmpty(to), t);
    }
    case 'spline': {
      const [a, b, c, d] = conditioning.points;
      const points = [absentAsEmpty(a), absentAsEmpty(b), absentAsEmpty(c), absentAsEmpty(d)] as const;
      return splineConditioning(points, conditioning.t);
    }
    case 'offset':
      return offsetConditioning(absentAsEmpty(conditioning.of), conditioning.amount);
  }
}

/** Step walk: `amount` on every component; 0 adds nothing. */
export function offsetConditioning<Leaf>(of: Expression<Leaf>, amount: number): Expression<Leaf> {
  return amount === 0 ? of : { kind: 'offset', of, amount };
}

/** Where no neighbours exist (a grid) a spline is the straight line. */
export function withoutSpline(method: PromptMethod): BlendMethod {
  return method === 'spline' ? 'lerp' : method;
}
