import {
  BEZIER_OF,
  type CubicBezier,
  type Easing,
  isEasingPoints,
} from '../../../src-shared/model/easing.ts';

/** The control points of a curve; undefined for those that have none to drag. */
export function bezierOf(easing: Easing): CubicBezier | undefined {
  if (typeof easing !== 'string') return isEasingPoints(easing) ? undefined : easing;
  return easing in BEZIER_OF ? BEZIER_OF[easing as keyof typeof BEZIER_OF] : undefined;
}
