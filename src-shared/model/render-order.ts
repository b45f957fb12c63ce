/** Which frames a render order covers; both ends included. */
export interface FrameRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The frames of a timeline of `length` frames, each once, coarse to fine: the playhead's first, then the keyframes
 * and the range's ends in order, then the middles of the longest gaps, again and again. Any part of the order is
 * spread over the whole range, so a preview that stops early still shows the whole motion.
 */
export function* renderOrder(
  length: number,
  options: {
    readonly keyframes: Iterable<number>;
    readonly playhead?: number;
    /** The whole timeline when absent; cut to it otherwise. */
    readonly range?: FrameRange;
  },
): Generator<number, void, undefined> {
  const from = Math.max(0, options.range?.from ?? 0);
  const to = Math.min(length - 1, options.range?.to ?? length - 1);
  if (from > to) return;
  const inside = (frame: number) => frame >= from && frame <= to;
  const { playhead } = options;
  const first = playhead !== undefined && inside(playhead) ? playhead : undefined;
  if (first !== undefined) yield first;

  const posts = [...new Set([from, ...options.keyframes, to])].filter(inside).sort((a, b) => a - b);
  for (const post of posts) if (post !== first) yield post;

  let gaps = posts.slice(1).map((end, at) => [posts[at]!, end] as const);
  for (;;) {
    const longest = gaps.reduce((most, [start, end]) => Math.max(most, end - start), 0);
    if (longest < 2) return;
    const finer: (readonly [number, number])[] = [];
    for (const gap of gaps) {
      const [start, end] = gap;
      if (end - start < 2) continue;
      if ((end - start) * 2 <= longest) {
        finer.push(gap);
        continue;
      }
      const middle = (start + end) >> 1;
      if (middle !== first) yield middle;
      finer.push([start, middle], [middle, end]);
    }
    gaps = finer;
  }
}
