import type { FrameSource, Playback } from './types.ts';

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

/** A film with the cross-fades that its playback asks for as frames of their own: whoever writes it knows nothing of them. */
export function withCrossFades(
  source: FrameSource,
  { crossFades = 0, ...playback }: Playback,
): { readonly source: FrameSource; readonly playback: Playback } {
  if (crossFades === 0 || source.count < 2) return { source, playback };
  const every = crossFades + 1;
  /** Neighbours are read one after the other: the last two are at hand. */
  const read = new Map<number, Promise<Uint8Array>>();
  const frameAt = (index: number): Promise<Uint8Array> => {
    const known = read.get(index) ?? source.frame(index);
    read.delete(index);
    read.set(index, known);
    for (const oldest of read.keys()) {
      if (read.size <= 2) break;
      read.delete(oldest);
    }
    return known;
  };
  return {
    playback: { ...playback, fps: playback.fps * every },
    source: {
      ...source,
      count: (source.count - 1) * every + 1,
      async frame(at) {
        const [index, step] = [Math.floor(at / every), at % every];
        if (step === 0) return frameAt(index);
        const [from, to] = await Promise.all([frameAt(index), frameAt(index + 1)]);
        return mixed(from, to, step / every);
      },
    },
  };
}

/** Which frames of a film with cross-fades are there, by which of the film without are. */
export function thereWithCrossFades(isThere: readonly boolean[], crossFades = 0): boolean[] {
  return isThere.flatMap((here, at) => {
    if (at === isThere.length - 1) return [here];
    return [here, ...Array<boolean>(crossFades).fill(here && isThere[at + 1] === true)];
  });
}

function mixed(from: Uint8Array, to: Uint8Array, share: number): Uint8Array {
  const picture = new Uint8Array(from.length);
  for (let i = 0; i < picture.length; i++) picture[i] = Math.round(from[i]! + (to[i]! - from[i]!) * share);
  return picture;
}
