import { AppError } from '../kernel/errors.ts';
import { CHANNEL_NAMES, type ChannelName } from './channels.ts';
import type { Keyframe, ProjectDocument } from './document-types.ts';
import type { Easing } from './easing.ts';
import { curvesOf } from './place-keys.ts';

/** A key of one channel with everything it says. */
export interface NewKey {
  readonly frame: number;
  readonly channel: ChannelName;
  /** What the channel takes; the document's check says so where it does not. */
  readonly value: unknown;
  /** The curve towards the next key of the channel; linear when absent. */
  readonly easing?: Easing | undefined;
}

/** Sets keys of single channels, all at once; a key that is there gives way, other channels of its frame stay. */
export function putKeys(document: ProjectDocument, keys: readonly NewKey[]): ProjectDocument {
  const changed = opened(document, keys);
  for (const { frame, channel, value, easing } of keys) {
    const { values, curves } = changed.get(frame)!;
    values[channel] = value;
    if (easing === undefined || easing === 'linear') delete curves[channel];
    else curves[channel] = easing;
  }
  return withChanged(document, changed);
}

/**
 * Takes single channels out of their keyframes; a keyframe left without channels goes.
 * @throws AppError `not-found`: a key that is not there.
 */
export function removeKeys(
  document: ProjectDocument,
  keys: readonly { readonly frame: number; readonly channel: ChannelName }[],
): ProjectDocument {
  const changed = opened(document, keys);
  for (const { frame, channel } of keys) {
    const { values, curves } = changed.get(frame)!;
    if (values[channel] === undefined) {
      throw new AppError('not-found', `There is no ${channel} key at frame ${frame}.`);
    }
    delete values[channel];
    delete curves[channel];
  }
  return withChanged(document, changed);
}

interface Opened {
  readonly values: Record<string, unknown>;
  readonly curves: Record<string, unknown>;
}

function opened(document: ProjectDocument, keys: readonly { readonly frame: number }[]): Map<number, Opened> {
  const wanted = new Map<number, Opened>(keys.map(({ frame }) => [frame, { values: {}, curves: {} }]));
  for (const keyframe of document.keyframes) {
    if (!wanted.has(keyframe.frame)) continue;
    const { frame, easing: _easing, ...values } = keyframe;
    wanted.set(frame, { values: { ...values }, curves: curvesOf(keyframe) });
  }
  return wanted;
}

function withChanged(document: ProjectDocument, changed: ReadonlyMap<number, Opened>): ProjectDocument {
  const keyframes = [...changed].flatMap(([frame, { values, curves }]) => {
    if (!CHANNEL_NAMES.some((name) => values[name] !== undefined)) return [];
    const easing = Object.keys(curves).length === 0 ? {} : { easing: curves };
    return [{ frame, ...values, ...easing } as unknown as Keyframe];
  });
  return {
    ...document,
    keyframes: [...document.keyframes.filter(({ frame }) => !changed.has(frame)), ...keyframes],
  };
}
