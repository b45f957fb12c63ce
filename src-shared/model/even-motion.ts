import { CHANNEL_NAMES, CHANNELS, type ChannelName } from './channels.ts';
import type { Command } from './commands.ts';
import type { ProjectDocument } from './document-types.ts';
import { type EasingPoints, fewestPoints } from './easing-points.ts';
import { ease } from './easing.ts';
import { tracksOf } from './tracks.ts';

/** The film is retimed so that pictures change by the same amount from each frame to the next. */
export interface EvenedMotion {
  /** One step of undo. */
  readonly commands: readonly Command[];
  /** Distance of each frame of the span from the one before it, from the second on: as measured, and as expected. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What moves no frame by more than this share of a frame is left out. */
const NOTICEABLE = 0.05;

/** First and last keyframe inside a span; undefined where there are not two. */
export function keyframesWithin(document: ProjectDocument, { from, to }: Span): Span | undefined {
  const frames = keyframesOf(document).filter((frame) => frame >= from && frame <= to);
  return frames.length < 2 ? undefined : { from: frames[0]!, to: frames.at(-1)! };
}

/**
 * Evens out the motion between the keyframes of a span. The distances that were measured between rendered frames, added
 * up, say how much has changed by each moment; read the other way round they say which moment each frame should show.
 * The channels' curves are bent accordingly; values stay as they are. Between two neighbouring keyframes the speed is
 * constant then; with `moveKeys` those between the first and the last move too, so that it is the same everywhere. What
 * holds stays held.
 *
 * Within one measured frame the change is taken to be steady. Where a picture leaps, a second run on the new frames
 * finds what is left.
 * @param distances `distances[f]` of frame f from frame f - 1, as the motion meter gives them; none of the span's is null
 * @param span from a keyframe to another one
 */
export function evenMotion(
  document: ProjectDocument,
  distances: readonly (number | null)[],
  span: Span,
  { moveKeys }: { readonly moveKeys: boolean },
): EvenedMotion {
  const knots = keyframesOf(document).filter((frame) => frame >= span.from && frame <= span.to);
  /** How much has changed since the span's start, by frame of it. */
  const sums = [0];
  for (let frame = span.from + 1; frame <= span.to; frame++)
    sums.push(sums.at(-1)! + (distances[frame] ?? 0));
  const changeAt = (frame: number): number => sums[frame - span.from]!;
  const places = moveKeys ? evenPlaces(knots, changeAt) : knots;
  const sources = sourcesOf(knots, places, changeAt);
  const moved = new Map(knots.map((frame, at) => [frame, places[at]!]));

  const moves: { frame: number; channel: ChannelName; to: number }[] = [];
  const curves: Command[] = [];
  for (const channel of CHANNEL_NAMES) {
    const keys = tracksOf(document)[channel] ?? [];
    for (const [at, key] of keys.entries()) {
      const to = moved.get(key.frame);
      if (to === undefined) continue;
      if (to !== key.frame) moves.push({ frame: key.frame, channel, to });
      const next = keys[at + 1];
      const end = next === undefined ? undefined : moved.get(next.frame);
      if (next === undefined || end === undefined || key.easing === 'hold') continue;
      if (CHANNELS[channel].kind === 'held') continue;
      const points: (readonly [number, number])[] = [];
      let shift = 0;
      for (let frame = to + 1; frame < end; frame++) {
        const x = (frame - to) / (end - to);
        const t = (sources[frame - span.from]! - key.frame) / (next.frame - key.frame);
        shift = Math.max(shift, Math.abs(t - x) * (end - to));
        points.push([round(x), round(ease(key.easing, t))]);
      }
      if (shift < NOTICEABLE) continue;
      const easing: EasingPoints = fewestPoints(points, NOTICEABLE / (end - to));
      curves.push({
        type: 'setEasing',
        frame: to,
        channel,
        easing: easing.length === 0 ? 'linear' : easing,
      } as Command);
    }
  }
  const between = (f: number): number => {
    const low = Math.min(sums.length - 2, Math.max(0, Math.floor(f - span.from)));
    return sums[low]! + (sums[low + 1]! - sums[low]!) * (f - span.from - low);
  };
  const steps = Array.from({ length: span.to - span.from }, (_, i) => i + 1);
  return {
    commands: [...(moves.length === 0 ? [] : [{ type: 'placeKeys', moves } as Command]), ...curves],
    before: steps.map((i) => sums[i]! - sums[i - 1]!),
    after: steps.map((i) => between(sources[i]!) - between(sources[i - 1]!)),
  };
}

/** The largest step as a multiple of the middle one of those that move; null where too little moves. */
export function unevenness(steps: readonly number[]): number | null {
  const moving = steps.filter((step) => step > 0).sort((a, b) => a - b);
  if (moving.length < 3) return null;
  return moving.at(-1)! / moving[Math.floor(moving.length / 2)]!;
}

function keyframesOf({ keyframes }: ProjectDocument): number[] {
  return keyframes.map(({ frame }) => frame).sort((a, b) => a - b);
}

/** Nothing or a single leap: there is no motion to spread. */
function isHeld(from: number, to: number, changeAt: (frame: number) => number): boolean {
  let moving = 0;
  for (let frame = from + 1; frame <= to; frame++) if (changeAt(frame) > changeAt(frame - 1)) moving += 1;
  return moving < 2;
}

/** Where the keyframes go, so that the time between two of them is in proportion to what changes there. */
function evenPlaces(knots: readonly number[], changeAt: (frame: number) => number): number[] {
  const lengths = knots.slice(1).map((frame, at) => frame - knots[at]!);
  const changes = lengths.map((_, at) =>
    isHeld(knots[at]!, knots[at + 1]!, changeAt) ? null : changeAt(knots[at + 1]!) - changeAt(knots[at]!),
  );
  const total = changes.reduce<number>((sum, change) => sum + (change ?? 0), 0);
  const free = lengths.reduce((sum, length, at) => sum + (changes[at] === null ? 0 : length), 0);
  const exact = lengths.map((length, at) =>
    changes[at] == null ? length : Math.max(1, (free * changes[at]) / total),
  );
  const scale = (knots.at(-1)! - knots[0]!) / exact.reduce((sum, length) => sum + length, 0);
  const places = [knots[0]!];
  let reached = knots[0]!;
  exact.forEach((length, at) => {
    reached += length * scale;
    // A frame at least for each of those that follow.
    const most = knots.at(-1)! - (exact.length - 1 - at);
    places.push(Math.min(most, Math.max(places.at(-1)! + 1, Math.round(reached))));
  });
  return places;
}

/** Which moment of the old timing (in frames) each frame of the span shows. */
function sourcesOf(
  knots: readonly number[],
  places: readonly number[],
  changeAt: (frame: number) => number,
): number[] {
  const sources = [knots[0]!];
  for (let at = 0; at + 1 < knots.length; at++) {
    const [from, to] = [knots[at]!, knots[at + 1]!];
    const count = places[at + 1]! - places[at]!;
    const held = isHeld(from, to, changeAt);
    const [start, change] = [changeAt(from), changeAt(to) - changeAt(from)];
    let frame = from;
    for (let step = 1; step < count; step++) {
      const wanted = start + (change * step) / count;
      while (frame + 1 < to && changeAt(frame + 1) < wanted) frame += 1;
      const rise = changeAt(frame + 1) - changeAt(frame);
      sources.push(
        held
          ? from + ((to - from) * step) / count
          : frame + (rise === 0 ? 0 : (wanted - changeAt(frame)) / rise),
      );
    }
    sources.push(to);
  }
  return sources;
}

function round(value: number): number {
  return Number(value.toFixed(4));
}
