import { ANALYSIS_RATE, HOP } from './onset-strength.ts';

/** A moment where something begins to sound. */
export interface Onset {
  /** Seconds. */
  readonly time: number;
  /** 0 (hardly) to 1 (the strongest of the sound). */
  readonly strength: number;
}

/** Windows to each side that an onset must be the strongest of, and whose mean it must stand out from. */
const NEIGHBOURS = 3;
const SURROUNDINGS = 12;
/** Of the strongest onset; what is weaker is noise at every sensitivity. */
const FAINTEST = 0.02;
/** Seconds around a peak of the strength within which the attack itself is looked for. */
const ATTACK = 0.035;

/**
 * Peaks of the onset strength, each moved to where the sound itself rises the most.
 * @param strengths one a hop of the analysis
 * @param samples mono, at the analysis rate
 */
export function findOnsets(strengths: Float32Array, samples: Float32Array): Onset[] {
  const found: { index: number; above: number }[] = [];
  for (let i = 0; i < strengths.length; i++) {
    const value = strengths[i]!;
    if (value <= 1e-6) continue;
    let isPeak = true;
    for (let n = Math.max(0, i - NEIGHBOURS); n <= Math.min(strengths.length - 1, i + NEIGHBOURS); n++) {
      // Of equal ones the first counts.
      if (strengths[n]! > value || (strengths[n]! === value && n < i)) isPeak = false;
    }
    if (!isPeak) continue;
    const above = value - meanAround(strengths, i);
    if (above > 0) found.push({ index: i, above });
  }
  const strongest = found.reduce((most, { above }) => Math.max(most, above), 0);
  return found
    .filter(({ above }) => above > strongest * FAINTEST)
    .map(({ index, above }) => ({
      time: attackNear(samples, (index * HOP) / ANALYSIS_RATE),
      strength: above / strongest,
    }));
}

function meanAround(strengths: Float32Array, at: number): number {
  const from = Math.max(0, at - SURROUNDINGS);
  const to = Math.min(strengths.length - 1, at + SURROUNDINGS);
  let sum = 0;
  for (let i = from; i <= to; i++) sum += strengths[i]!;
  return sum / (to - from + 1);
}

/** The strength knows about ten milliseconds; the waveform knows one. */
function attackNear(samples: Float32Array, time: number): number {
  const block = Math.round(ANALYSIS_RATE / 1000);
  const first = Math.max(0, Math.round((time - ATTACK) * ANALYSIS_RATE));
  const last = Math.min(samples.length, Math.round((time + ATTACK) * ANALYSIS_RATE));
  let best = time;
  let rise = 0;
  let before = energy(samples, first - 4 * block, first);
  for (let at = first; at < last; at += block) {
    const now = energy(samples, at, at + block);
    // In decibels, with a floor below which nothing is heard.
    const difference = Math.log((now + 1e-7) / (before + 1e-7)) * Math.sqrt(now);
    if (difference > rise) {
      rise = difference;
      best = at / ANALYSIS_RATE;
    }
    before = before * 0.75 + now * 0.25;
  }
  return best;
}

/** Mean square of a stretch of samples. */
function energy(samples: Float32Array, from: number, to: number): number {
  const [start, end] = [Math.max(0, from), Math.min(samples.length, to)];
  if (end <= start) return 0;
  let sum = 0;
  for (let i = start; i < end; i++) sum += samples[i]! * samples[i]!;
  return sum / (end - start);
}
