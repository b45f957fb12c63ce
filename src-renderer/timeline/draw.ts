import { CHANNELS, type ChannelName } from '../../src-shared/model/channels.ts';
import type { ProjectDocument } from '../../src-shared/model/document-types.ts';
import { valuesAt } from '../../src-shared/model/plan.ts';
import { frameAt, tickStep, type View, visible, xOf } from './geometry.ts';

/** Colours as the style sheet has them. */
export type Paint = (variable: string) => string;

export interface Canvas {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
}

/** A canvas at the screen's own resolution, cleared. */
export function prepare(element: HTMLCanvasElement, width: number, height: number): Canvas | undefined {
  const context = element.getContext('2d');
  if (context === null || width < 1) return undefined;
  const ratio = window.devicePixelRatio;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (element.width !== w || element.height !== h) {
    element.width = w;
    element.height = h;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

export function drawRuler(
  { context, width, height }: Canvas,
  view: View,
  options: {
    readonly count: number;
    readonly fps: number;
    readonly unit: 'frames' | 'seconds';
    readonly range: { readonly from: number; readonly to: number } | null;
    readonly paint: Paint;
    readonly font: string;
  },
): void {
  const { count, fps, unit, range, paint } = options;
  const step = tickStep(view, fps, unit);
  const minor = step % 4 === 0 ? step / 4 : step % 5 === 0 ? step / 5 : step;
  const first = Math.max(0, Math.floor(view.left / minor) * minor);
  context.fillStyle = paint('--bg-1');
  context.fillRect(0, 0, width, height);
  if (range !== null) {
    context.fillStyle = paint('--accent');
    context.globalAlpha = 0.22;
    context.fillRect(xOf(view, range.from), 0, (range.to - range.from + 1) * view.scale, height);
    context.globalAlpha = 1;
  }
  context.font = options.font;
  context.textBaseline = 'middle';
  for (let frame = first; frame <= frameAt(view, width); frame += minor) {
    const x = Math.round(xOf(view, frame)) + 0.5;
    const isMajor = Math.abs(frame / step - Math.round(frame / step)) < 1e-6;
    context.strokeStyle = paint(isMajor ? '--text-3' : '--line');
    context.beginPath();
    context.moveTo(x, height - (isMajor ? 8 : 4));
    context.lineTo(x, height);
    context.stroke();
    if (!isMajor) continue;
    context.fillStyle = paint(frame < count ? '--text-2' : '--text-3');
    const label = unit === 'frames' ? String(frame) : `${Number((frame / fps).toFixed(2))} s`;
    context.fillText(label, x + 4, height / 2 - 2);
  }
}

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

const CURVES = ['guidanceScale', 'strength', 'embeddingOffset', 'noiseOrbit'] as const;
export type CurveChannel = (typeof CURVES)[number];

export function isCurve(channel: ChannelName): channel is CurveChannel {
  return CHANNELS[channel].kind === 'number' && (CURVES as readonly string[]).includes(channel);
}

/** The value of a number channel over time, scaled to its own smallest and largest value. */
export function drawCurve(
  { context, width, height }: Canvas,
  view: View,
  document: ProjectDocument,
  channel: CurveChannel,
  count: number,
  colour: string,
): void {
  const { from, to } = visible(view, count);
  const keys = document.keyframes.flatMap((keyframe) => keyframe[channel] ?? []);
  if (keys.length === 0 || to < from) return;
  const least = Math.min(...keys);
  const most = Math.max(...keys);
  const yOf = (value: number): number =>
    most === least ? height / 2 : height - 9 - ((value - least) / (most - least)) * (height - 18);
  const stride = Math.max(1, Math.ceil((to - from) / Math.max(1, width)));
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.beginPath();
  for (let frame = from; frame <= to; frame += stride) {
    const value = valuesAt(document, frame)[channel] ?? keys[0] ?? 0;
    const x = xOf(view, frame) + view.scale / 2;
    if (frame === from) context.moveTo(x, yOf(value));
    else context.lineTo(x, yOf(value));
  }
  context.stroke();
}
