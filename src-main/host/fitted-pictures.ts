import type { RgbImage } from '../engine/ports.ts';

/** Megabytes that a project's pictures may take, decoded: some hundred at a model's size, or seven whole photographs. */
const MAX_BYTES = 256 * 2 ** 20;

/**
 * Pictures by key, each made once: decoding a photograph takes longer than a step of a small model. Those that were not
 * asked for the longest go when together they take more than `maxBytes`; the one asked for last always stays.
 */
export function fittedPictures(
  maxBytes = MAX_BYTES,
): (key: string, make: () => Promise<RgbImage>) => Promise<RgbImage> {
  /** Oldest first; a picture on its way weighs nothing yet. */
  const known = new Map<string, { readonly image: Promise<RgbImage>; bytes: number }>();
  const drop = (): void => {
    let total = [...known.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    const last = [...known.keys()].at(-1);
    for (const [key, { bytes }] of known) {
      if (total <= maxBytes || key === last) return;
      if (bytes === 0) continue;
      known.delete(key);
      total -= bytes;
    }
  };
  return (key, make) => {
    const entry = known.get(key) ?? { image: make(), bytes: 0 };
    const isNew = !known.delete(key);
    known.set(key, entry);
    if (isNew) {
      entry.image.then(
        ({ data }) => {
          entry.bytes = data.byteLength;
          drop();
        },
        // A file that was missing may be there when the frame is tried again.
        () => known.delete(key),
      );
    }
    return entry.image;
  };
}
