import { AppError } from '../kernel/errors.ts';
import { CHANNEL_NAMES, type ChannelName } from './channels.ts';
import type { Keyframe, ProjectDocument } from './document-types.ts';

/** A channel of the keyframe at `frame`, and the frame that it goes to. */
export interface KeyMove {
  readonly frame: number;
  readonly channel: ChannelName;
  readonly to: number;
}

/**
 * Moves (or copies) single channels with their easing, all at once: no key collides with another's old place, a key
 * that lies at the new place gives way, and a keyframe left without channels goes.
 * @throws AppError `invalid-input`: two moves of a channel to one frame. `not-found`: a key that is not there.
 */
export function placeKeys(
  document: ProjectDocument,
  moves: readonly KeyMove[],
  copy: boolean,
): ProjectDocument {
  const before = new Map(document.keyframes.map((keyframe) => [keyframe.frame, keyframe]));
  const targets = new Set<string>();
  for (const { frame, channel, to } of moves) {
    if (before.get(frame)?.[channel] === undefined) {
      throw new AppError('not-found', `There is no ${channel} key at frame ${frame}.`);
    }
    if (targets.has(`${to} ${channel}`)) {
      throw new AppError(
        'invalid-input',
        `Two moves put ${channel} at frame ${to}; accepted is one key a frame and channel.`,
      );
    }
    targets.add(`${to} ${channel}`);
  }
  const after = new Map<number, Record<string, unknown>>();
  const curves = new Map<number, Record<string, unknown>>();
  const open = (frame: number): void => {
    if (after.has(frame)) return;
    const { easing: _easing, ...channels } = before.get(frame) ?? { frame };
    after.set(frame, channels);
    curves.set(frame, curvesOf(before.get(frame)));
  };
  const moved = moves.filter(({ frame, to }) => frame !== to);
  for (const { frame, channel, to } of moved) {
    open(to);
    if (copy) continue;
    open(frame);
    delete after.get(frame)![channel];
    delete curves.get(frame)![channel];
  }
  for (const { frame, channel, to } of moved) {
    const source = before.get(frame)!;
    const curve = curvesOf(source)[channel];
    after.get(to)![channel] = source[channel];
    if (curve === undefined) delete curves.get(to)![channel];
    else curves.get(to)![channel] = curve;
  }
  const changed = [...after].flatMap(([frame, channels]) => {
    if (!CHANNEL_NAMES.some((name) => channels[name] !== undefined)) return [];
    const easing = curves.get(frame)!;
    return [{ ...channels, ...(Object.keys(easing).length === 0 ? {} : { easing }) } as unknown as Keyframe];
  });
  return {
    ...document,
    keyframes: [...document.keyframes.filter(({ frame }) => !after.has(frame)), ...changed],
  };
}

/** The curves of a keyframe by channel, whichever way it says them. */
export function curvesOf(keyframe: Keyframe | undefined): Record<string, unknown> {
  const easing = keyframe?.easing;
  if (keyframe === undefined || easing === undefined) return {};
  if (typeof easing !== 'string' && !Array.isArray(easing)) return { ...easing };
  const set = CHANNEL_NAMES.filter((name) => keyframe[name] !== undefined);
  return Object.fromEntries(set.map((name) => [name, easing]));
}
