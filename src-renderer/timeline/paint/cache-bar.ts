import { frameAt, type View, visible, xOf } from '../geometry.ts';
import type { Canvas, Paint } from './canvas.ts';

/** One colour a frame: green where its picture is there. Many frames in one pixel show the least that is there. */
export function drawCacheBar(
  { context, width, height }: Canvas,
  view: View,
  states: Uint8Array,
  paint: Paint,
): void {
  const colours = [paint('--bg-3'), paint('--draft'), paint('--ok'), paint('--bad')];
  const { from, to } = visible(view, states.length);
  if (view.scale >= 3) {
    for (let frame = from; frame <= to; frame++) {
      context.fillStyle = colours[states[frame] ?? 0] as string;
      context.fillRect(xOf(view, frame), 0, Math.max(1, view.scale - 1), height);
    }
    return;
  }
  for (let x = 0; x < width; x++) {
    const begin = Math.floor(frameAt(view, x));
    const end = Math.min(states.length, Math.max(begin + 1, Math.floor(frameAt(view, x + 1))));
    if (begin >= states.length) return;
    let least = 3;
    for (let frame = Math.max(0, begin); frame < end; frame++) least = Math.min(least, states[frame] ?? 0);
    context.fillStyle = colours[least] as string;
    context.fillRect(x, 0, 1, height);
  }
}
