import type { ChannelName, ChannelValues } from '../../../src-shared/model/channels.ts';
import type { Command } from '../../../src-shared/model/commands.ts';
import type { Keyframe, ProjectDocument } from '../../../src-shared/model/document-types.ts';
import type { Easing } from '../../../src-shared/model/easing.ts';
import { sameJson } from '../../../src-shared/model/same-json.ts';
import { easingOf } from '../../../src-shared/model/tracks.ts';

/**
 * The keyframes that the panel is about: the selected ones, else the one at the playhead or before it, else the first.
 */
export function targetKeyframes(
  document: ProjectDocument,
  selected: readonly number[],
  playhead: number,
): Keyframe[] {
  const { keyframes } = document;
  const chosen = keyframes.filter(({ frame }) => selected.includes(frame));
  if (chosen.length > 0) return chosen;
  const one = keyframes.filter(({ frame }) => frame <= playhead).at(-1) ?? keyframes[0];
  return one === undefined ? [] : [one];
}

/** What several keyframes have in common: one value, none, or several that differ. */
export type Common<Value> =
  { readonly kind: 'none' } | { readonly kind: 'one'; readonly value: Value } | { readonly kind: 'mixed' };

export function commonValue<Channel extends ChannelName>(
  targets: readonly Keyframe[],
  channel: Channel,
): Common<ChannelValues[Channel]> {
  const values = targets.map((keyframe) => keyframe[channel]);
  const [first] = values;
  if (values.every((value) => value === undefined)) return { kind: 'none' };
  const isOne = first !== undefined && values.every((value) => value !== undefined && sameJson(value, first));
  return isOne ? { kind: 'one', value: first as ChannelValues[Channel] } : { kind: 'mixed' };
}

/** The curve that all targets leave with, of one channel or (null) of all that they set. */
export function commonEasing(
  targets: readonly Keyframe[],
  channel: ChannelName | null,
  channels: readonly ChannelName[],
): Easing | 'mixed' {
  const curves = targets.flatMap((keyframe) =>
    channels
      .filter((name) => keyframe[name] !== undefined && (channel === null || name === channel))
      .map((name) => easingOf(keyframe, name)),
  );
  const [first] = curves;
  if (first === undefined) return 'linear';
  return curves.every((curve) => sameJson(curve, first)) ? first : 'mixed';
}

export function setChannelCommands(
  targets: readonly Keyframe[],
  channel: ChannelName,
  value: unknown,
): Command[] {
  return targets.map(({ frame }) => ({ type: 'setChannel', frame, channel, value }) as Command);
}

export function clearChannelCommands(targets: readonly Keyframe[], channel: ChannelName): Command[] {
  return targets
    .filter((keyframe) => keyframe[channel] !== undefined)
    .map(({ frame }) => ({ type: 'clearChannel', frame, channel }));
}

export function setEasingCommands(
  targets: readonly Keyframe[],
  channel: ChannelName | null,
  easing: Easing,
): Command[] {
  return targets
    .filter((keyframe) => channel === null || keyframe[channel] !== undefined)
    .map(
      ({ frame }) =>
        ({
          type: 'setEasing',
          frame,
          easing: easing === 'linear' ? null : easing,
          ...(channel === null ? {} : { channel }),
        }) as Command,
    );
}

/**
 * A number that was typed: as it is, or as a change of each value (`+=0.5`, `-=1`, `*=2`, `/=2`).
 * Undefined for anything else.
 */
export function typedNumber(text: string): ((before: number) => number) | undefined {
  const found = /^\s*(?:([-+*/])=)?\s*(-?\d+(?:[.,]\d+)?)\s*$/.exec(text);
  if (found === null) return undefined;
  const number = Number(found[2]!.replace(',', '.'));
  const tidy = (value: number): number => Number(value.toFixed(6));
  switch (found[1]) {
    case '+':
      return (before) => tidy(before + number);
    case '-':
      return (before) => tidy(before - number);
    case '*':
      return (before) => tidy(before * number);
    case '/':
      return number === 0 ? undefined : (before) => tidy(before / number);
    default:
      return () => number;
  }
}
