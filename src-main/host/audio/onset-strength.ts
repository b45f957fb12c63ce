import { createFft } from './fft.ts';

/** Samples a second that the analysis works on, and how far one window is from the next: about 100 a second. */
export const ANALYSIS_RATE = 22_050;
export const HOP = 220;
const WINDOW = 1024;
/** Loudness is compared on a logarithmic scale; the factor says from where on. */
const COMPRESSION = 100;
const BANDS = 40;
const LOWEST_HZ = 27.5;

/** How strongly each window brings something new. Fed piece by piece, so that a long sound does not hold up the host. */
export interface OnsetStrength {
  push(samples: Float32Array): void;
  /** One number a hop; window `i` begins at sample `i * HOP - WINDOW / 2`. */
  finish(): Float32Array;
}

/**
 * Spectral flux: the sum of what rises between two windows, over bands of equal musical width. After Bello et al.,
 * "A Tutorial on Onset Detection in Music Signals" (2005), and Böck & Widmer (2013) for comparing with the window
 * before the last and the louder of neighbouring bands, which keeps vibrato from counting.
 */
export function createOnsetStrength(): OnsetStrength {
  const fft = createFft(WINDOW);
  const hann = Float32Array.from(
    { length: WINDOW },
    (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW),
  );
  const edges = bandEdges();
  const windowed = new Float32Array(WINDOW);
  const magnitudes = new Float32Array(WINDOW / 2 + 1);
  // Half a window of silence before the start, so that an onset at sample 0 is one.
  let buffer = new Float32Array(WINDOW * 8);
  let filled = WINDOW / 2;
  let history: Float32Array[] = [];
  const strengths: number[] = [];

  const step = (offset: number): void => {
    for (let i = 0; i < WINDOW; i++) windowed[i] = buffer[offset + i]! * hann[i]!;
    fft.magnitudes(windowed, magnitudes);
    const bands = new Float32Array(BANDS);
    for (let band = 0; band < BANDS; band++) {
      let sum = 0;
      for (let bin = edges[band]!; bin < edges[band + 1]!; bin++) sum += magnitudes[bin]!;
      bands[band] = Math.log1p(COMPRESSION * sum);
    }
    const before = history[0] ?? new Float32Array(BANDS);
    let flux = 0;
    for (let band = 0; band < BANDS; band++) {
      const loudest = Math.max(before[band - 1] ?? 0, before[band]!, before[band + 1] ?? 0);
      flux += Math.max(0, bands[band]! - loudest);
    }
    strengths.push(flux / BANDS);
    history = [...history, bands].slice(-2);
  };

  const drain = (): void => {
    let offset = 0;
    for (; offset + WINDOW <= filled; offset += HOP) step(offset);
    buffer.copyWithin(0, offset, filled);
    filled -= offset;
  };

  return {
    push(samples) {
      for (let at = 0; at < samples.length;) {
        const count = Math.min(samples.length - at, buffer.length - filled);
        buffer.set(samples.subarray(at, at + count), filled);
        filled += count;
        at += count;
        drain();
      }
    },
    finish() {
      buffer.fill(0, filled);
      filled = Math.min(buffer.length, filled + WINDOW);
      drain();
      buffer = new Float32Array(0);
      return Float32Array.from(strengths);
    },
  };
}

/** Bins where the bands begin, each at least one bin wide, equally wide in octaves above the lowest ones. */
function bandEdges(): number[] {
  const perBin = ANALYSIS_RATE / WINDOW;
  const edges = [Math.max(1, Math.round(LOWEST_HZ / perBin))];
  for (let band = 1; band <= BANDS; band++) {
    const hz = LOWEST_HZ * (ANALYSIS_RATE / 2 / LOWEST_HZ) ** (band / BANDS);
    edges.push(Math.min(WINDOW / 2, Math.max(edges.at(-1)! + 1, Math.round(hz / perBin))));
  }
  return edges;
}
