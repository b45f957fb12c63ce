import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { Playback } from './types.ts';

/** One picture of an animation and how long it stands, in centiseconds. */
export interface Shown {
  readonly index: number;
  readonly delay: number;
}

/** GIF viewers replace delays below two centiseconds by ten. */
export const SHORTEST_GIF_DELAY = 2;

/** Frame numbers in the order they are shown: 0..n-1, then n-2..1 for ping-pong. */
export function playOrder(count: number, pingPong: boolean): number[] {
  const forth = Array.from({ length: count }, (_, i) => i);
  return pingPong && count > 2 ? [...forth, ...forth.slice(1, -1).reverse()] : forth;
}

/**
 * Delays on GIF's and WebP's centisecond grid. Each frame starts at the grid point nearest to its true time, so the
 * error never grows: 12 fps gives 8, 9, 8, 8, 9, 8, ... with the exact sum.
 */
export function centisecondTimeline(count: number, playback: Playback): Shown[] {
  const order = playOrder(count, playback.pingPong);
  let elapsed = 0;
  let start = 0;
  return order.map((index) => {
    elapsed += 1 / playback.fps + holdOf(index, count, playback);
    const end = Math.round(elapsed * 100);
    const delay = end - start;
    start = end;
    return { index, delay };
  });
}

/** Frame numbers of a constant-rate video, holds written as repeated frames. */
export function videoTimeline(count: number, playback: Playback): number[] {
  return playOrder(count, playback.pingPong).flatMap((index) =>
    Array<number>(1 + Math.round(holdOf(index, count, playback) * playback.fps)).fill(index),
  );
}

function holdOf(index: number, count: number, playback: Playback): number {
  if (index === 0) return playback.holdFirst;
  return index === count - 1 ? playback.holdLast : 0;
}

/** `fps` as the fraction that ffmpeg takes, exact for integers and for the n/1001 rates of television. */
export function frameRate(fps: number): string {
  if (Number.isInteger(fps)) return String(fps);
  const broadcast = Math.round(fps * 1.001);
  if (Math.abs(fps - broadcast / 1.001) < 0.0005) return `${broadcast * 1000}/1001`;
  return `${Math.round(fps * 10000)}/10000`;
}

/** @throws {AppError} invalid-input naming the value */
export function checkPlayback(playback: Playback): void {
  const { fps, loop, holdFirst, holdLast } = playback;
  if (!(fps > 0 && fps <= 240)) throw invalid('fps', fps, 'a number above 0, at most 240');
  if (!(Number.isInteger(loop) && loop >= 0 && loop <= 65535))
    throw invalid('loop', loop, 'an integer 0 (for ever) to 65535');
  for (const [name, value] of Object.entries({ holdFirst, holdLast })) {
    if (!(value >= 0 && value <= 600)) throw invalid(name, value, 'seconds from 0 to 600');
  }
}

function invalid(name: string, value: unknown, accepted: string): AppError {
  return new AppError('invalid-input', `${name} is ${String(value)}; it takes ${accepted}.`);
}
