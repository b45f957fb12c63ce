import { CHANNEL_NAMES, CHANNELS, type ChannelName } from '../../src-shared/model/channels.ts';
import type { ProjectDocument } from '../../src-shared/model/document-types.ts';
import { placeOn, tracksOf } from '../../src-shared/model/tracks.ts';

/** Channels whose keys stand at the height of their value. */
const NUMERIC = ['strength', 'guidanceScale', 'embeddingOffset', 'noiseOrbit', 'steps'] as const;
export type NumericChannel = (typeof NUMERIC)[number];

export function isNumeric(channel: ChannelName): channel is NumericChannel {
  return (NUMERIC as readonly string[]).includes(channel);
}

/** The value of a numeric channel at a frame; undefined where no key sets it. `steps` jumps, the others ease. */
export function numberAt(
  document: ProjectDocument,
  channel: NumericChannel,
  frame: number,
): number | undefined {
  const keys = tracksOf(document)[channel];
  if (keys === undefined) return undefined;
  const { index, t } = placeOn(keys, frame);
  const start = keys[index]!.value;
  if (channel === 'steps' || t === 0) return start;
  return start + ((keys[index + 1]?.value ?? start) - start) * t;
}

/** Channels that hold pictures of the project. */
export const PICTURES = ['images', 'initImage', 'mask'] as const;
export type PictureChannel = (typeof PICTURES)[number];

export function isPicture(channel: ChannelName): channel is PictureChannel {
  return (PICTURES as readonly string[]).includes(channel);
}

/** Lanes of a new window; those of other channels show as soon as a key sets them. */
const USUAL: readonly ChannelName[] = ['prompt', 'negativePrompt', 'seed', 'guidanceScale'];

/**
 * The lanes that show, in the order of the channels. `chosen` is what the user has switched on or off; a lane that
 * has keys and was not switched off shows, so that nothing works unseen.
 */
export function shownLanes(
  document: ProjectDocument,
  chosen: { readonly [channel in ChannelName]?: boolean },
): ChannelName[] {
  return CHANNEL_NAMES.filter(
    (channel) =>
      channel === 'prompt' ||
      (chosen[channel] ??
        (USUAL.includes(channel) || document.keyframes.some((keyframe) => keyframe[channel] !== undefined))),
  );
}

/** Pixels. */
export const LANE_HEIGHT = { least: 26, most: 240 } as const;

/** Pixels, and how many more where the text is twice as large: a lane that is high enough for that has none. */
export function usualHeight(channel: ChannelName): readonly [usual: number, more: number] {
  if (channel === 'prompt') return [92, 16];
  if (isPicture(channel)) return [48, 0];
  return isNumeric(channel) ? [44, 0] : [34, 12];
}

/** Room that a value may take up when all keys of a channel have the same, so that a drag upwards has somewhere to go. */
const SPAN: Readonly<Record<NumericChannel, number>> = {
  strength: 1,
  guidanceScale: 10,
  embeddingOffset: 2,
  noiseOrbit: 2,
  steps: 20,
};

/** Which values lie at the bottom and at the top of a lane. */
export interface ValueScale {
  readonly low: number;
  readonly high: number;
}

export function valueScale(channel: NumericChannel, values: readonly number[]): ValueScale {
  if (channel === 'strength' || values.length === 0) {
    const [least] = CHANNELS[channel].range;
    const start = Math.max(least, 0);
    return { low: start, high: start + SPAN[channel] };
  }
  let low = Math.min(...values);
  let high = Math.max(...values);
  const lacking = SPAN[channel] / 4 - (high - low);
  if (lacking > 0) {
    low -= lacking / 2;
    high += lacking / 2;
  }
  return { low, high };
}

/** Half a key and the air around it: a lane's curve stays inside. */
const AIR = 9;

export function yOfValue(scale: ValueScale, value: number, height: number): number {
  const share = (value - scale.low) / (scale.high - scale.low);
  return height - AIR - Math.min(1, Math.max(0, share)) * (height - 2 * AIR);
}

/** The value that a vertical drag by `dy` pixels (down is positive) makes of another, in steps that read well. */
export function draggedValue(
  channel: NumericChannel,
  scale: ValueScale,
  value: number,
  dy: number,
  height: number,
): number {
  const perPixel = (scale.high - scale.low) / Math.max(1, height - 2 * AIR);
  const step = channel === 'steps' ? 1 : 10 ** Math.floor(Math.log10(perPixel));
  const [least, most] = CHANNELS[channel].range;
  const wanted = Math.round((value - dy * perPixel) / step) * step;
  return Number(Math.min(most, Math.max(least, wanted)).toFixed(6));
}
