import { tidy } from './numbers.ts';

/**
 * A curve through points between (0,0) and (1,1): x strictly increasing inside 0..1. It has no handles: it is what was
 * measured, such as a motion that is evened out.
 */
export type EasingPoints = readonly (readonly [x: number, y: number])[];

/** As many as a document keeps of one curve. */
export const MAX_EASING_POINTS = 64;

/**
 * The curve at `x` (0..1): cubic pieces whose slopes are the weighted harmonic means of their neighbours (Fritsch and
 * Butland, 1984; known as PCHIP), so that it never swings past its points. Additions, multiplications and divisions
 * only, rounded to 12 digits: every machine plans the same frame.
 */
export function easePoints(points: EasingPoints, x: number): number {
  const at = (i: number): readonly [number, number] =>
    i === 0 ? [0, 0] : i > points.length ? [1, 1] : (points[i - 1] as readonly [number, number]);
  const last = points.length + 1;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (at(middle)[0] <= x) low = middle;
    else high = middle;
  }
  const width = (i: number): number => at(i + 1)[0] - at(i)[0];
  const rise = (i: number): number => (at(i + 1)[1] - at(i)[1]) / width(i);
  const slope = (i: number): number => {
    if (i === 0) return endSlope(width(0), width(1), rise(0), rise(1));
    if (i === last) return endSlope(width(last - 1), width(last - 2), rise(last - 1), rise(last - 2));
    const [before, after] = [rise(i - 1), rise(i)];
    if (before * after <= 0) return 0;
    const w1 = 2 * width(i) + width(i - 1);
    const w2 = width(i) + 2 * width(i - 1);
    return (w1 + w2) / (w1 / before + w2 / after);
  };
  const h = width(low);
  const s = (x - at(low)[0]) / h;
  const r = 1 - s;
  return tidy(
    r * r * ((1 + 2 * s) * at(low)[1] + s * h * slope(low)) +
      s * s * ((1 + 2 * r) * at(high)[1] - r * h * slope(high)),
  );
}

/** From three points, kept from turning the curve round. */
function endSlope(h0: number, h1: number, d0: number, d1: number): number {
  const slope = ((2 * h0 + h1) * d0 - h0 * d1) / (h0 + h1);
  if (slope * d0 <= 0) return 0;
  if (d0 * d1 <= 0 && Math.abs(slope) > 3 * Math.abs(d0)) return 3 * d0;
  return slope;
}

/**
 * As few of `points` as give the curve through all of them within `tolerance`, at most {@link MAX_EASING_POINTS}: the
 * point that is missed by most is added until none is.
 */
export function fewestPoints(points: EasingPoints, tolerance = 0.002): EasingPoints {
  let kept: (readonly [number, number])[] = [];
  while (kept.length < Math.min(points.length, MAX_EASING_POINTS)) {
    let worst: readonly [number, number] | undefined;
    let error = tolerance;
    for (const point of points) {
      const found = kept.length === 0 ? point[0] : easePoints(kept, point[0]);
      if (Math.abs(found - point[1]) <= error) continue;
      error = Math.abs(found - point[1]);
      worst = point;
    }
    if (worst === undefined) break;
    kept = [...kept, worst].sort((a, b) => a[0] - b[0]);
  }
  return kept;
}
