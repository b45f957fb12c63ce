import { setImmediate } from 'node:timers/promises';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { ANALYSIS_RATE, createOnsetStrength, HOP } from './onset-strength.ts';
import { findOnsets, type Onset } from './onsets.ts';
import { estimateTempo, type Tempo } from './tempo.ts';

/** What a window needs to draw a sound and to follow its rhythm. */
export interface SoundAnalysis {
  /** Seconds. */
  readonly duration: number;
  readonly peaksPerSecond: number;
  /** The loudest sample of each hop, 0..255 of full scale. */
  readonly peaks: Uint8Array;
  /** By time. */
  readonly onsets: readonly Onset[];
  readonly tempo: Tempo | undefined;
}

const LONGEST_SECONDS = 3600;
/** Work on the host's thread gives way this often. */
const SLICE_MS = 8;
const PIECE = HOP * 16;

/**
 * @param pcm mono, at {@link ANALYSIS_RATE}, in pieces of any length
 * @throws {AppError} invalid-asset for a sound without samples or of more than an hour
 */
export async function analyseSound(
  pcm: AsyncIterable<Float32Array>,
  name: string,
  clock: () => number = () => performance.now(),
): Promise<SoundAnalysis> {
  const strength = createOnsetStrength();
  const pieces: Float32Array[] = [];
  let length = 0;
  let sliceStart = clock();
  for await (const whole of pcm) {
    length += whole.length;
    if (length > LONGEST_SECONDS * ANALYSIS_RATE) {
      throw new AppError(
        'invalid-asset',
        `${name} is longer than an hour; accepted are sounds of up to one.`,
      );
    }
    pieces.push(whole);
    for (let at = 0; at < whole.length; at += PIECE) {
      strength.push(whole.subarray(at, at + PIECE));
      if (clock() - sliceStart < SLICE_MS) continue;
      await setImmediate();
      sliceStart = clock();
    }
  }
  if (length === 0) throw new AppError('invalid-asset', `${name} holds no sound.`);
  const samples = new Float32Array(length);
  let at = 0;
  for (const piece of pieces) {
    samples.set(piece, at);
    at += piece.length;
  }
  await setImmediate();
  const strengths = strength.finish();
  const onsets = findOnsets(strengths, samples);
  await setImmediate();
  return {
    duration: length / ANALYSIS_RATE,
    peaksPerSecond: ANALYSIS_RATE / HOP,
    peaks: peaksOf(samples),
    onsets,
    tempo: estimateTempo(strengths, onsets),
  };
}

function peaksOf(samples: Float32Array): Uint8Array {
  const peaks = new Uint8Array(Math.ceil(samples.length / HOP));
  for (let i = 0; i < samples.length; i++) {
    const value = Math.min(255, Math.round(Math.abs(samples[i]!) * 255));
    const at = Math.floor(i / HOP);
    if (value > peaks[at]!) peaks[at] = value;
  }
  return peaks;
}
