import { FRAME_DRAFT, FRAME_FAILED, FRAME_FINAL } from '../../state/frame-status.svelte.ts';
import { frameAt, type View, visible, xOf } from '../geometry.ts';
import type { Canvas, Paint } from './canvas.ts';

/**
 * One colour a frame: what the best picture of it is. Many frames in one pixel show the least that is there, and a
 * failure above all. Flags stand out at the top.
 */
export function drawCacheBar(
  { context, width, height }: Canvas,
  view: View,
  states: Uint8Array,
  flags: readonly number[],
  paint: Paint,
): void {
  const colours = [paint('--bg-3')];
  colours[FRAME_FAILED] = paint('--bad');
  colours[FRAME_DRAFT] = paint('--draft');
  colours[FRAME_FINAL] = paint('--ok');
  const { from, to } = visible(view, states.length);
  if (view.scale >= 3) {
    for (let frame = from; frame <= to; frame++) {
      context.fillStyle = colours[states[frame] ?? 0] as string;
      context.fillRect(xOf(view, frame), 0, Math.max(1, view.scale - 1), height);
    }
  } else {
    // Pixels of one colour are painted in one go.
    let [start, state] = [0, -1];
    const paintTo = (x: number): void => {
      if (state < 0) return;
      context.fillStyle = colours[state] as string;
      context.fillRect(start, 0, x - start, height);
    };
    let x = 0;
    for (; x < width; x++) {
      const begin = Math.floor(frameAt(view, x));
      if (begin >= states.length) break;
      const end = Math.min(states.length, Math.max(begin + 1, Math.floor(frameAt(view, x + 1))));
      const now = worst(states, Math.max(0, begin), end);
      if (now === state) continue;
      paintTo(x);
      [start, state] = [x, now];
    }
    paintTo(x);
  }
  context.fillStyle = paint('--text');
  for (const frame of flags) {
    if (frame < from || frame > to) continue;
    const x = xOf(view, frame) + Math.max(1, view.scale - 1) / 2;
    context.beginPath();
    context.moveTo(x - 4, 0);
    context.lineTo(x + 4, 0);
    context.lineTo(x, 6);
    context.fill();
  }
}

function worst(states: Uint8Array, from: number, end: number): number {
  let least: number = FRAME_FINAL;
  for (let frame = from; frame < end; frame++) {
    const state = states[frame] ?? 0;
    if (state === FRAME_FAILED) return state;
    least = Math.min(least, state);
  }
  return least;
}
