import { type Easing, ease } from '../../../src-shared/model/easing.ts';

/** The curve as an SVG path: time from 0 to `width`, value from `height` (none of the way) up to 0 (all of it). */
export function easingPath(easing: Easing, width: number, height: number, pieces: number): string {
  if (easing === 'hold') return `M0 ${height}H${width}V0`;
  return Array.from({ length: pieces + 1 }, (_, i) => {
    const t = i / pieces;
    return `${i === 0 ? 'M' : 'L'}${(t * width).toFixed(2)} ${((1 - ease(easing, t)) * height).toFixed(2)}`;
  }).join('');
}
