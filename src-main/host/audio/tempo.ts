import { ANALYSIS_RATE, HOP } from './onset-strength.ts';
import type { Onset } from './onsets.ts';

export interface Tempo {
  readonly bpm: number;
  /** Seconds of the first beat. */
  readonly offset: number;
  /** 0 to 1: how much of what begins falls on the beats. */
  readonly confidence: number;
}

const SLOWEST = 60;
const FASTEST = 200;
/** People tap near this; ambiguous rhythms are read as close to it as they allow. */
const USUAL = 120;
const OCTAVES = 0.9;
/** Share of a beat within which an onset counts as on it. */
const ON_BEAT = 0.12;

/**
 * The steady beat of a sound: the strongest repetition of the onset strength, then a straight line through the onsets
 * on it, which makes the tempo exact over the whole length. Undefined where nothing repeats.
 */
export function estimateTempo(strengths: Float32Array, onsets: readonly Onset[]): Tempo | undefined {
  const rate = ANALYSIS_RATE / HOP;
  const mean = strengths.reduce((sum, value) => sum + value, 0) / Math.max(1, strengths.length);
  const centred = strengths.map((value) => value - mean);
  const [shortest, longest] = [Math.floor((60 / FASTEST) * rate), Math.ceil((60 / SLOWEST) * rate)];
  if (centred.length < longest * 3 || onsets.length < 4) return undefined;
  const own = correlation(centred, 0);
  if (own <= 0) return undefined;
  let best = { lag: 0, score: 0 };
  for (let lag = shortest; lag <= longest; lag++) {
    const octaves = Math.log2((60 * rate) / lag / USUAL);
    const nearUsual = Math.exp(-0.5 * (octaves / OCTAVES) ** 2);
    const score = (correlation(centred, lag) / own) * nearUsual;
    if (score > best.score) best = { lag, score };
  }
  if (best.score < 0.05) return undefined;
  return refined(best.lag / rate, onsets);
}

function correlation(values: Float32Array, lag: number): number {
  let sum = 0;
  for (let i = lag; i < values.length; i++) sum += values[i]! * values[i - lag]!;
  return sum / (values.length - lag);
}

/** The period and the phase that the onsets agree on, the strong ones more. */
function refined(roughPeriod: number, onsets: readonly Onset[]): Tempo | undefined {
  let period = roughPeriod;
  let phase = strongestPhase(period, onsets);
  for (let round = 0; round < 4; round++) {
    // Weighted least squares of time = phase + beat * period, over onsets that are on a beat.
    let [w, wb, wbb, wt, wbt] = [0, 0, 0, 0, 0];
    for (const { time, strength } of onsets) {
      const beat = Math.round((time - phase) / period);
      if (Math.abs(time - phase - beat * period) > period * ON_BEAT) continue;
      w += strength;
      wb += strength * beat;
      wbb += strength * beat * beat;
      wt += strength * time;
      wbt += strength * beat * time;
    }
    const determinant = w * wbb - wb * wb;
    if (determinant <= 1e-9) return undefined;
    const next = (w * wbt - wb * wt) / determinant;
    if (!(Math.abs(next / roughPeriod - 1) < 0.08)) break;
    period = next;
    phase = (wt - period * wb) / w;
  }
  const all = onsets.reduce((sum, { strength }) => sum + strength, 0);
  const on = onsets
    .filter(({ time }) => {
      const away = (time - phase) / period;
      return Math.abs(away - Math.round(away)) <= ON_BEAT;
    })
    .reduce((sum, { strength }) => sum + strength, 0);
  const offset = phase - Math.floor(phase / period) * period;
  return {
    bpm: Number((60 / period).toFixed(2)),
    // A hair before the next beat is the beat before.
    offset: Number((period - offset < 0.004 ? 0 : offset).toFixed(4)),
    confidence: on / all,
  };
}

/** The onset that most of the others, weighed by strength, fall on a beat with. */
function strongestPhase(period: number, onsets: readonly Onset[]): number {
  let best = { phase: onsets[0]!.time, sum: 0 };
  const candidates = [...onsets].sort((a, b) => b.strength - a.strength).slice(0, 40);
  for (const { time: phase } of candidates) {
    let sum = 0;
    for (const { time, strength } of onsets) {
      const away = (time - phase) / period;
      const distance = Math.abs(away - Math.round(away));
      if (distance <= ON_BEAT) sum += strength * (1 - distance / ON_BEAT);
    }
    if (sum > best.sum) best = { phase, sum };
  }
  return best.phase;
}
