import type { ChannelName } from '../../src-shared/model/channels.ts';
import type { Keyframe } from '../../src-shared/model/document-types.ts';

/** A key as its lane shows it. */
export interface PlacedKey {
  readonly keyframe: Keyframe;
  /** Frames up to the next key of the lane; infinite after the last. */
  readonly span: number;
  readonly isSelected: boolean;
}

/**
 * The keys of a lane. One that is as it was in `before` is the same object: of hundreds, a drag draws those anew that it
 * changes.
 */
export function placedKeys(
  keyframes: readonly Keyframe[],
  channel: ChannelName,
  isSelected: (frame: number) => boolean,
  before: readonly PlacedKey[],
): PlacedKey[] {
  const known = new Map(before.map((placed) => [placed.keyframe, placed]));
  const own = keyframes.filter((keyframe) => keyframe[channel] !== undefined);
  return own.map((keyframe, at) => {
    const span = (own[at + 1]?.frame ?? Number.POSITIVE_INFINITY) - keyframe.frame;
    const selected = isSelected(keyframe.frame);
    const same = known.get(keyframe);
    return same !== undefined && same.span === span && same.isSelected === selected
      ? same
      : { keyframe, span, isSelected: selected };
  });
}
