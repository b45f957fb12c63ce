import { CHANNELS, type ChannelName, type ChannelValues } from '../../../src-shared/model/channels.ts';
import type { Command } from '../../../src-shared/model/commands.ts';
import type { AudioTrack, Beats, ProjectDocument } from '../../../src-shared/model/document-types.ts';
import { tracksOf } from '../../../src-shared/model/tracks.ts';
import { isNumeric, numberAt } from '../lanes.ts';
import { setMarkers } from './markers.ts';

export interface HeardOnset {
  /** Seconds of the sound. */
  readonly time: number;
  /** 0 to 1. */
  readonly strength: number;
}

/** Onsets that a sensitivity from 0 (only the strongest) to 1 (all) lets through. */
export function audible(onsets: readonly HeardOnset[], sensitivity: number): HeardOnset[] {
  // Most onsets are weak: a square spreads them over the slider.
  const least = (1 - sensitivity) ** 2;
  return onsets.filter(({ strength }) => strength >= least);
}

/** The frame that a moment of the sound falls on, fractional. */
export function frameOfSound(time: number, audio: Pick<AudioTrack, 'offset'>, fps: number): number {
  return (time - audio.offset) * fps;
}

/** The frames of the film that onsets fall on, each once. */
export function onsetFrames(
  onsets: readonly HeardOnset[],
  audio: Pick<AudioTrack, 'offset'>,
  fps: number,
  count: number,
): number[] {
  const frames = onsets.map(({ time }) => Math.round(frameOfSound(time, audio, fps)));
  return [...new Set(frames)].filter((frame) => frame >= 0 && frame < count).sort((a, b) => a - b);
}

/** A tempo of the sound as beats of the film. */
export function beatsOf(
  tempo: { readonly bpm: number; readonly offset: number },
  audio: Pick<AudioTrack, 'offset'>,
): Beats {
  const period = 60 / tempo.bpm;
  const start = tempo.offset - audio.offset;
  // The first beat of the film.
  return { bpm: tempo.bpm, offset: Number((start - Math.floor(start / period + 1e-9) * period).toFixed(4)) };
}

const OURS = /^(Onset|Beat) \d+$/;

/** Markers at frames; those that were made so before give way, named ones stay. */
export function markersAt(
  document: ProjectDocument,
  frames: readonly number[],
  what: 'Onset' | 'Beat',
): Command[] {
  const kept = (document.markers ?? []).filter(({ name }) => !OURS.test(name));
  return setMarkers([...kept, ...frames.map((frame, i) => ({ frame, name: `${what} ${i + 1}` }))]);
}

/**
 * Keys at frames that have none yet. Seeds count on from one key to the next, so that each brings another picture;
 * other channels get the value that they have there, ready to be changed.
 */
export function keysAt(
  document: ProjectDocument,
  channel: ChannelName,
  frames: readonly number[],
  start: ChannelValues[ChannelName] | undefined,
): Command[] {
  const track = tracksOf(document)[channel] ?? [];
  const taken = new Set(track.map((key) => key.frame));
  const heldAt = (frame: number): unknown => {
    if (isNumeric(channel)) return numberAt(document, channel, frame) ?? start;
    return (track.filter((key) => key.frame <= frame).at(-1) ?? track[0])?.value ?? start;
  };
  const keys = frames
    .filter((frame) => !taken.has(frame))
    .flatMap((frame, i) => {
      const held = heldAt(frame);
      if (held === undefined) return [];
      const value = channel === 'seed' && typeof held === 'number' ? held + i + 1 : held;
      const easing = CHANNELS[channel].kind === 'held' ? {} : { easing: 'linear' as const };
      return [{ frame, channel, value: value as never, ...easing }];
    });
  return keys.length === 0 ? [] : [{ type: 'putKeys', keys }];
}
