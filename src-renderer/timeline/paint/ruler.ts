import { beatAt, frameOfBeat, framesPerBeat } from '../../../src-shared/model/beats.ts';
import type { Beats } from '../../../src-shared/model/document-types.ts';
import { frameAt, tickStep, type View, xOf } from '../geometry.ts';
import type { Canvas, Paint } from './canvas.ts';

export interface RulerOptions {
  readonly count: number;
  readonly fps: number;
  /** Beats need a tempo; without one, frames are shown. */
  readonly unit: 'frames' | 'seconds' | 'beats';
  readonly beats: Beats | undefined;
  readonly range: { readonly from: number; readonly to: number } | null;
  readonly paint: Paint;
  /** Of the text, 1 as usual. */
  readonly scale: number;
}

interface Tick {
  readonly frame: number;
  /** Only long ticks have one. */
  readonly label?: string;
}

export function drawRuler({ context, width, height }: Canvas, view: View, options: RulerOptions): void {
  const { count, range, paint, scale } = options;
  context.fillStyle = paint('--bg-1');
  context.fillRect(0, 0, width, height);
  if (range !== null) {
    context.fillStyle = paint('--accent');
    context.globalAlpha = 0.22;
    context.fillRect(xOf(view, range.from), 0, (range.to - range.from + 1) * view.scale, height);
    context.globalAlpha = 1;
  }
  context.font = `${11 * scale}px ${paint('--font')}`;
  context.textBaseline = 'middle';
  const colours = { long: paint('--text-3'), short: paint('--line'), text: paint('--text-2') };
  for (const { frame, label } of ticks(view, width, options)) {
    const x = Math.round(xOf(view, frame)) + 0.5;
    context.strokeStyle = label === undefined ? colours.short : colours.long;
    context.beginPath();
    context.moveTo(x, height - (label === undefined ? 4 : 8));
    context.lineTo(x, height);
    context.stroke();
    if (label === undefined) continue;
    context.fillStyle = frame < count ? colours.text : colours.long;
    context.fillText(label, x + 4, height / 2 - 2);
  }
}

function* ticks(view: View, width: number, { fps, unit, beats, scale }: RulerOptions): Generator<Tick> {
  const end = frameAt(view, width);
  if (unit === 'beats' && beats !== undefined) {
    const each = framesPerBeat(beats, fps);
    const step =
      [1, 2, 4, 8, 16, 32, 64, 128, 256, 512].find((few) => few * each * view.scale >= 40 * scale) ?? 1024;
    const fine = step > 1 ? Math.max(1, step / 4) : each * view.scale >= 160 ? 1 / 4 : 1;
    const last = beatAt(beats, fps, end);
    for (let beat = Math.floor(beatAt(beats, fps, view.left) / fine) * fine; beat <= last; beat += fine) {
      const frame = frameOfBeat(beats, fps, beat);
      // Musicians count from one.
      yield Math.abs(beat % step) < 1e-6 ? { frame, label: String(Math.round(beat) + 1) } : { frame };
    }
    return;
  }
  const step = tickStep(view, fps, unit === 'seconds' ? 'seconds' : 'frames', 56 * scale);
  const minor = step % 4 === 0 ? step / 4 : step % 5 === 0 ? step / 5 : step;
  for (let frame = Math.max(0, Math.floor(view.left / minor) * minor); frame <= end; frame += minor) {
    if (Math.abs(frame / step - Math.round(frame / step)) >= 1e-6) yield { frame };
    else yield { frame, label: unit === 'seconds' ? `${Number((frame / fps).toFixed(2))} s` : String(frame) };
  }
}
