import type { SoundAnalysis } from '../../state/sound.svelte.ts';
import { frameOfSound, type HeardOnset } from '../edits/rhythm.ts';
import { frameAt, type View, xOf } from '../geometry.ts';
import type { Canvas, Paint } from './canvas.ts';

/** How loud the sound is at each pixel, and where it begins anew. */
export function drawWaveform(
  { context, width, height }: Canvas,
  view: View,
  sound: SoundAnalysis,
  options: {
    readonly offset: number;
    readonly gain: number;
    readonly fps: number;
    readonly onsets: readonly HeardOnset[];
    readonly paint: Paint;
  },
): void {
  const { offset, gain, fps, onsets, paint } = options;
  const { peaks, peaksPerSecond } = sound;
  const middle = height / 2;
  const indexAt = (x: number): number => (frameAt(view, x) / fps + offset) * peaksPerSecond;
  context.fillStyle = paint('--text-3');
  for (let x = 0; x < width; x++) {
    const from = Math.max(0, Math.floor(indexAt(x)));
    const to = Math.min(peaks.length, Math.max(from + 1, Math.floor(indexAt(x + 1))));
    if (indexAt(x + 1) < 0 || from >= peaks.length) continue;
    // At most a few looks a pixel: a whole song on a screen stays quick.
    const stride = Math.max(1, Math.floor((to - from) / 8));
    let loudest = 0;
    for (let i = from; i < to; i += stride) loudest = Math.max(loudest, peaks[i]!);
    const half = Math.max(0.5, Math.min(1, (loudest / 255) * gain) * (middle - 3));
    context.fillRect(x, middle - half, 1, half * 2);
  }
  context.fillStyle = paint('--accent');
  for (const { time, strength } of onsets) {
    const x = xOf(view, frameOfSound(time, { offset }, fps));
    if (x < -1 || x > width) continue;
    context.globalAlpha = 0.35 + 0.65 * strength;
    context.fillRect(Math.round(x), height - 4 - strength * (height - 8), 1, strength * (height - 8) + 4);
  }
  context.globalAlpha = 1;
}
