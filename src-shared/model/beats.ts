import type { Beats } from './document-types.ts';

/** Frames from one beat to the next; fractional. */
export function framesPerBeat(beats: Beats, fps: number): number {
  return (60 / beats.bpm) * fps;
}

/** Where beat number `beat` (0 falls on the offset) lies, fractional. */
export function frameOfBeat(beats: Beats, fps: number, beat: number): number {
  return beats.offset * fps + beat * framesPerBeat(beats, fps);
}

/** The number of the beat at a frame, fractional; negative before the first. */
export function beatAt(beats: Beats, fps: number, frame: number): number {
  return (frame - beats.offset * fps) / framesPerBeat(beats, fps);
}

/** The whole frames nearest to every beat from `from` to `to` (frames, both included), each once. */
export function beatFrames(beats: Beats, fps: number, from: number, to: number): number[] {
  const frames: number[] = [];
  for (let beat = Math.floor(beatAt(beats, fps, from)); ; beat++) {
    const frame = Math.round(frameOfBeat(beats, fps, beat));
    if (frame > to) return frames;
    if (frame >= from && frame !== frames.at(-1)) frames.push(frame);
  }
}
