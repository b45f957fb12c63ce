import type { ProjectDocument } from '../../../src-shared/model/document-types.ts';
import { tracksOf } from '../../../src-shared/model/tracks.ts';
import { type View, visible, xOf } from '../geometry.ts';
import { numberAt, type NumericChannel, type ValueScale, yOfValue } from '../lanes.ts';
import type { Canvas } from './canvas.ts';

/** The value of a numeric channel over time; `steps` jumps, the others follow their easing. */
export function drawCurve(
  { context, width, height }: Canvas,
  view: View,
  document: ProjectDocument,
  channel: NumericChannel,
  scale: ValueScale,
  count: number,
  colour: string,
): void {
  const { from, to } = visible(view, count);
  if (to < from || tracksOf(document)[channel] === undefined) return;
  // A few pixels each: between frames, too, where they lie far apart, so that a held value jumps instead of sliding.
  const stride =
    view.scale > 3 ? 1 / Math.ceil(view.scale / 3) : Math.max(1, Math.ceil((to - from) / Math.max(1, width)));
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.beginPath();
  for (let at = 0; from + at * stride <= to; at++) {
    const frame = from + at * stride;
    const x = xOf(view, frame) + view.scale / 2;
    const y = yOfValue(scale, numberAt(document, channel, frame) ?? 0, height);
    if (at === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
  context.stroke();
}
