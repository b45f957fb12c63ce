import { div32, f32, sub32 } from '../tensor/float32.ts';

/**
 * `torch.linspace(start, end, count)` in float32 (torch 2.13, CPU): the first half counts up from the start, the
 * second half down from the end, each value with one rounding (fused multiply-add).
 */
export function linspace32(start: number, end: number, count: number): Float32Array {
  const from = f32(start);
  const to = f32(end);
  const out = new Float32Array(count);
  if (count === 1) {
    out[0] = from;
    return out;
  }
  const step = div32(sub32(to, from), count - 1);
  for (let i = 0; i < count; i++) {
    out[i] = i < Math.floor(count / 2) ? from + step * i : to - step * (count - 1 - i);
  }
  return out;
}

/** `numpy.linspace(start, end, count)` in float64 (numpy 2.4). */
export function linspace64(start: number, end: number, count: number): number[] {
  if (count === 1) return [start];
  const step = (end - start) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? end : i * step + start));
}

/** `numpy.arange(start, 0, -step)` in float64 (numpy 2.4): the increment is the rounded difference of the first two. */
export function countDown(start: number, step: number): number[] {
  const count = Math.max(0, Math.ceil(start / step));
  const increment = start - step - start;
  return Array.from({ length: count }, (_, i) => start + i * increment);
}

/** Rounds to the nearest whole number, halves to the even one, as numpy and Python do. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
