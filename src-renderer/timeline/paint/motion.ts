import { frameAt, type View, visible, xOf } from '../geometry.ts';
import type { Canvas, Paint } from './canvas.ts';

/**
 * A bar a frame, as tall as the frame is far from the one before it; jumps are red. Many frames in one pixel show the
 * largest: a jump must not get lost.
 */
export function drawMotion(
  { context, width, height }: Canvas,
  view: View,
  distances: readonly (number | null)[],
  isJump: (distance: number) => boolean,
  paint: Paint,
): void {
  const [calm, jump] = [paint('--info'), paint('--bad')];
  const most = distances.reduce<number>((largest, distance) => Math.max(largest, distance ?? 0), 0);
  if (most === 0) return;
  const bar = (x: number, wide: number, distance: number): void => {
    if (distance === 0) return;
    const tall = Math.max(1, (distance / most) * (height - 6));
    context.fillStyle = isJump(distance) ? jump : calm;
    context.globalAlpha = isJump(distance) ? 1 : 0.6;
    context.fillRect(x, height - tall, wide, tall);
  };
  const { from, to } = visible(view, distances.length);
  if (view.scale >= 2) {
    for (let frame = from; frame <= to; frame++) {
      bar(xOf(view, frame), Math.max(1, view.scale - 1), distances[frame] ?? 0);
    }
  } else {
    for (let x = 0; x < width; x++) {
      const begin = Math.max(0, Math.floor(frameAt(view, x)));
      const end = Math.min(distances.length, Math.max(begin + 1, Math.floor(frameAt(view, x + 1))));
      let largest = 0;
      for (let frame = begin; frame < end; frame++) largest = Math.max(largest, distances[frame] ?? 0);
      bar(x, 1, largest);
    }
  }
  context.globalAlpha = 1;
}
