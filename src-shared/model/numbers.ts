/**
 * `value` to 12 significant digits. Planned numbers pass through here, so that two ways to the same value (0.1 + 0.2
 * and 0.3) give one cache key; float32, in which the engine calculates, carries 7 digits.
 */
export function tidy(value: number): number {
  const rounded = Number(value.toPrecision(12));
  return rounded === 0 ? 0 : rounded;
}

/** The straight line from `from` (t = 0) to `to` (t = 1), exact at both ends and for equal ends. */
export function interpolateNumber(from: number, to: number, t: number): number {
  if (t === 0 || from === to) return from;
  if (t === 1) return to;
  return tidy(from * (1 - t) + to * t);
}

export function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
