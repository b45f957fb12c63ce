import type { FrameSource } from './types.ts';

/** Some frames of a source, in the order given. */
export function pickFrames(source: FrameSource, indices: readonly number[]): FrameSource {
  return { ...source, count: indices.length, frame: (at) => source.frame(indices[at] as number) };
}

/** The same film where frames that are not there look like the nearest that is; of two, the earlier. */
export function nearestFrames(source: FrameSource, isThere: readonly boolean[]): FrameSource {
  const nearest = Array.from({ length: source.count }, (_, at) => {
    for (let distance = 0; distance < source.count; distance++) {
      if (isThere[at - distance] === true) return at - distance;
      if (isThere[at + distance] === true) return at + distance;
    }
    return at;
  });
  return pickFrames(source, nearest);
}
