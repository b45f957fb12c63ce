import { AppError } from '../kernel/errors.ts';
import { LIMITS } from './document-schema.ts';
import { frameCount, type ProjectDocument } from './document-types.ts';

/**
 * The same film at another rate: keyframe numbers and the length scale with fps, so every keyframe stays at its
 * second. From 12 to 24 fps each old frame f is the new frame 2f with the same cache key; only the frames between
 * are new. Keyframes that rounding would put on one frame move on to the next free one, so none is lost.
 * @throws AppError `invalid-input`: the timeline would be longer than is accepted, or fps is out of range.
 */
export function retime(document: ProjectDocument, fps: number): ProjectDocument {
  if (!Number.isFinite(fps) || fps < 1 || fps > LIMITS.fps) {
    throw new AppError('invalid-input', `fps is ${fps}; accepted is a number from 1 to ${LIMITS.fps}.`);
  }
  if (fps === document.fps) return document;
  const ratio = fps / document.fps;
  let next = 0;
  const keyframes = [...document.keyframes]
    .sort((a, b) => a.frame - b.frame)
    .map((keyframe) => {
      const frame = Math.max(next, Math.round(keyframe.frame * ratio));
      next = frame + 1;
      return { ...keyframe, frame };
    });
  const scaled = <Item extends { readonly frame: number }>(item: Item): Item => ({
    ...item,
    frame: Math.round(item.frame * ratio),
  });
  const retimed: ProjectDocument = {
    ...document,
    fps,
    keyframes,
    ...(document.markers && { markers: document.markers.map(scaled) }),
    ...(document.takes && { takes: document.takes.map(scaled) }),
    ...(document.pins && { pins: oneEach(document.pins.map(scaled)) }),
    ...(document.flags && { flags: oneEach(document.flags.map(scaled)) }),
    ...(document.range && {
      range: { from: Math.round(document.range.from * ratio), to: Math.round(document.range.to * ratio) },
    }),
    ...(document.length === undefined ? {} : { length: Math.max(1, Math.round(document.length * ratio)) }),
  };
  if (Math.max(frameCount(retimed), next) > LIMITS.frames) {
    throw new AppError(
      'invalid-input',
      `At ${fps} fps the timeline has ${frameCount(retimed).toLocaleString('en')} frames; accepted are at most ${LIMITS.frames.toLocaleString('en')}.`,
    );
  }
  return retimed;
}

/** A slower rate can put two on one frame; the first stays. */
function oneEach<Item extends { readonly frame: number }>(items: readonly Item[]): Item[] {
  const taken = new Set<number>();
  return items.filter(({ frame }) => !taken.has(frame) && taken.add(frame));
}
