import { open } from 'node:fs/promises';
import { decodeSound } from './decode-sound.ts';
import { frameRate } from './timeline.ts';
import type { ExportSound } from './types.ts';

/** Samples a second of the sound in films: what Opus works with, and AAC takes. */
export const SOUND_RATE = 48_000;

/** A frame rate as an exact fraction of whole numbers. */
function rationalRate(fps: number): readonly [numerator: number, denominator: number] {
  const [numerator = '1', denominator = '1'] = frameRate(fps).split('/');
  return [Number(numerator), Number(denominator)];
}

/** The sample at which a frame begins: one multiplication and one division, so that no error adds up. */
export function sampleOfFrame(frame: number, fps: number): number {
  const [numerator, denominator] = rationalRate(fps);
  return Math.round((frame * SOUND_RATE * denominator) / numerator);
}

export interface TrackPlan {
  /** Samples of silence before the sound begins. */
  readonly silence: number;
  /** Samples of the (possibly faster or slower) sound that are left out. */
  readonly skip: number;
  /** Samples altogether. */
  readonly length: number;
  /** 1 = as it is, 2 = twice as fast. */
  readonly speed: number;
}

/**
 * Where in a sound a film begins.
 * @param offset seconds of the sound at frame 0 of the project
 */
export function soundStart(offset: number, firstFrame: number, fps: number): number {
  return Math.round(offset * SOUND_RATE) + sampleOfFrame(firstFrame, fps);
}

/**
 * Which samples of a sound go with a film. The sound begins with the first frame that moves (a held first frame is
 * silent) and then runs on: over a held last frame and the way back of a ping-pong, because music that is cut or runs
 * backwards is no music. When the film is faster or slower than the project, so is the sound.
 */
export function planTrack(
  { start, speed }: Pick<ExportSound, 'start' | 'speed'>,
  film: { readonly fps: number; readonly frames: number; readonly heldFirst: number },
): TrackPlan {
  const at = Math.round(start / speed);
  return {
    silence: sampleOfFrame(film.heldFirst, film.fps) + Math.max(0, -at),
    skip: Math.max(0, at),
    length: sampleOfFrame(film.frames, film.fps),
    speed,
  };
}

/**
 * Writes the sound of a film as raw 16-bit stereo samples at {@link SOUND_RATE}: exactly as long as the film, silence
 * where the sound has not begun or is over.
 */
export async function writeSoundTrack(
  file: string,
  sound: ExportSound,
  plan: TrackPlan,
  ffmpeg: string,
  signal?: AbortSignal,
): Promise<void> {
  const handle = await open(file, 'w');
  try {
    let left = plan.length;
    const write = async (samples: Int16Array): Promise<void> => {
      const count = Math.min(left, samples.length / 2);
      left -= count;
      const bytes = new Uint8Array(samples.buffer, samples.byteOffset, count * 4);
      for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at)).bytesWritten;
    };
    const silence = async (count: number): Promise<void> => {
      for (let rest = Math.min(count, left); rest > 0; rest -= SOUND_RATE) {
        await write(new Int16Array(Math.min(rest, SOUND_RATE) * 2));
      }
    };
    await silence(plan.silence);
    let skip = plan.skip;
    const decoded = decodeSound(ffmpeg, sound.file, {
      rate: SOUND_RATE,
      channels: 2,
      signal,
      ...(plan.speed === 1 ? {} : { filters: tempoFilters(plan.speed) }),
    });
    for await (const piece of decoded) {
      if (left === 0) break;
      const passed = Math.min(skip, piece.length / 2);
      skip -= passed;
      if (passed * 2 < piece.length) await write(amplified(piece.subarray(passed * 2), sound.gain));
    }
    await silence(left);
  } finally {
    await handle.close();
  }
}

/** In place; what is too loud is cut at full scale. */
function amplified(samples: Int16Array, gain: number): Int16Array {
  if (gain === 1) return samples;
  for (let i = 0; i < samples.length; i++) {
    samples[i] = Math.min(32_767, Math.max(-32_768, Math.round(samples[i]! * gain)));
  }
  return samples;
}

/** Other speeds keep the pitch; one such filter takes 0.5 to 2. */
function tempoFilters(speed: number): string {
  const filters: string[] = [];
  let rest = speed;
  while (rest > 2 || rest < 0.5) {
    const step = rest > 2 ? 2 : 0.5;
    filters.push(`atempo=${step}`);
    rest /= step;
  }
  return [...filters, `atempo=${rest}`].join(',');
}
