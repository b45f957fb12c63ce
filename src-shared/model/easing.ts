import { type EasingPoints, easePoints } from './easing-points.ts';
import { tidy } from './numbers.ts';

export const EASING_NAMES = ['linear', 'hold', 'ease-in', 'ease-out', 'ease-in-out'] as const;
export type EasingName = (typeof EASING_NAMES)[number];

/** Control points of a cubic Bezier from (0,0) to (1,1), as in CSS: x1 and x2 in 0..1 (so time never runs back). */
export type CubicBezier = readonly [x1: number, y1: number, x2: number, y2: number];

/** The curve from one keyframe of a channel to the next. */
export type Easing = EasingName | CubicBezier | EasingPoints;

export function isEasingPoints(easing: Easing): easing is EasingPoints {
  return Array.isArray(easing) && Array.isArray(easing[0]);
}

/** The named curves as control points (CSS Easing Functions Level 1). */
export const BEZIER_OF = {
  'ease-in': [0.42, 0, 1, 1],
  'ease-out': [0, 0, 0.58, 1],
  'ease-in-out': [0.42, 0, 0.58, 1],
} as const satisfies Partial<Record<EasingName, CubicBezier>>;

/**
 * The eased position of `t` (0..1, the share of the segment's time that is over). 0 gives 0 and 1 gives 1 exactly
 * for every curve; in between a Bezier whose y's leave 0..1 may overshoot. `hold` stays at 0 until t = 1.
 *
 * Only additions, multiplications and divisions are used, and the curve is rounded to 12 significant digits, so
 * that every machine plans the same frame.
 */
export function ease(easing: Easing, t: number): number {
  if (t <= 0) return 0;
  if (t >= 1) return 1;
  if (easing === 'linear') return t;
  if (easing === 'hold') return 0;
  if (isEasingPoints(easing)) return easePoints(easing, t);
  const [x1, y1, x2, y2] = typeof easing === 'string' ? BEZIER_OF[easing] : easing;
  // The straight line in disguise: keep t itself, as `linear` does.
  if (x1 === y1 && x2 === y2) return t;
  return tidy(bezier(y1, y2, solveBezier(x1, x2, t)));
}

/** One coordinate of the curve at parameter s, with end points 0 and 1. */
function bezier(p1: number, p2: number, s: number): number {
  const r = 1 - s;
  return 3 * r * r * s * p1 + 3 * r * s * s * p2 + s * s * s;
}

/** The parameter at which the (monotone) x coordinate is `x`: Newton's steps, kept inside a shrinking bracket. */
function solveBezier(x1: number, x2: number, x: number): number {
  let low = 0;
  let high = 1;
  let s = x;
  for (let round = 0; round < 100; round++) {
    const error = bezier(x1, x2, s) - x;
    if (error === 0) return s;
    if (error > 0) high = s;
    else low = s;
    const r = 1 - s;
    const slope = 3 * r * r * x1 + 6 * r * s * (x2 - x1) + 3 * s * s * (1 - x2);
    let next = s - error / slope;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (next === s || high - low <= Number.EPSILON) return next;
    s = next;
  }
  return s;
}
