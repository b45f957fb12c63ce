/**
 * Beats a minute of taps, to a tenth: the slope of a straight line through them, which forgives single ones.
 * @param times milliseconds, ascending
 */
export function tappedTempo(times: readonly number[]): number | undefined {
  const count = times.length;
  if (count < 2) return undefined;
  const middle = (count - 1) / 2;
  const mean = times.reduce((sum, time) => sum + time, 0) / count;
  const across = times.reduce((sum, time, i) => sum + (i - middle) * (time - mean), 0);
  const along = times.reduce((sum, _, i) => sum + (i - middle) ** 2, 0);
  const bpm = 60_000 / (across / along);
  return Number.isFinite(bpm) && bpm >= 20 && bpm <= 400 ? Number(bpm.toFixed(1)) : undefined;
}
