import { CHANNEL_NAMES, type ChannelName, type ChannelValues } from './channels.ts';
import type { Keyframe, ProjectDocument } from './document-types.ts';
import { type Easing, ease } from './easing.ts';

/** One keyframe of one channel. */
export interface TrackKey<Value> {
  readonly frame: number;
  readonly value: Value;
  /** The curve towards the next key. */
  readonly easing: Easing;
}

/** The keyframes that set a channel, by frame; a channel that none sets has no track. */
export type Tracks = { readonly [Channel in ChannelName]?: readonly TrackKey<ChannelValues[Channel]>[] };

/** A place on a track: at key `index` when t = 0, else the eased share of the way to key `index + 1`. */
export interface TrackPlace {
  readonly index: number;
  readonly t: number;
}

const memo = new WeakMap<ProjectDocument, Tracks>();

/** The tracks of a document; kept as long as the document, which never changes. */
export function tracksOf(document: ProjectDocument): Tracks {
  const known = memo.get(document);
  if (known !== undefined) return known;
  const keyframes = [...document.keyframes].sort((a, b) => a.frame - b.frame);
  const tracks = Object.fromEntries(
    CHANNEL_NAMES.map((channel) => [channel, keysOf(keyframes, channel)]).filter(
      ([, keys]) => keys!.length > 0,
    ),
  ) as Tracks;
  memo.set(document, tracks);
  return tracks;
}

function keysOf(keyframes: readonly Keyframe[], channel: ChannelName): TrackKey<unknown>[] {
  return keyframes.flatMap((keyframe) => {
    const value = keyframe[channel];
    return value === undefined ? [] : [{ frame: keyframe.frame, value, easing: easingOf(keyframe, channel) }];
  });
}

/** The curve that leaves a keyframe on a channel. */
export function easingOf(keyframe: Keyframe, channel: ChannelName): Easing {
  const { easing } = keyframe;
  if (easing === undefined) return 'linear';
  if (typeof easing === 'string' || isCurve(easing)) return easing;
  return easing[channel] ?? 'linear';
}

function isCurve(easing: object): easing is Extract<Easing, readonly unknown[]> {
  return Array.isArray(easing);
}

/**
 * Where `frame` lies on a track: before the first key and after the last the value holds. The share of the way is
 * (frame - f0) / (f1 - f0), a correctly rounded quotient: scaling all frame numbers leaves it as it is, bit for bit.
 */
export function placeOn(keys: readonly TrackKey<unknown>[], frame: number): TrackPlace {
  let low = 0;
  let high = keys.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (keys[middle]!.frame <= frame) low = middle;
    else high = middle - 1;
  }
  const from = keys[low]!;
  const to = keys[low + 1];
  if (to === undefined || frame <= from.frame) return { index: low, t: 0 };
  const t = ease(from.easing, (frame - from.frame) / (to.frame - from.frame));
  return t === 1 ? { index: low + 1, t: 0 } : { index: low, t };
}
