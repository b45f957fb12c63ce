import type { Command } from '../../src-shared/model/commands.ts';
import type { ChannelName } from '../../src-shared/model/channels.ts';
import type { ProjectDocument } from '../../src-shared/model/document-types.ts';

/** How far a selection can go to either side. */
export function clampShift(selected: readonly number[], by: number, lastFrame: number): number {
  if (selected.length === 0) return 0;
  return Math.min(Math.max(by, -Math.min(...selected)), lastFrame - Math.max(...selected));
}

/** What dragging keyframes by a number of frames does to the document; copies stay behind with `copy`. */
export function dragCommands(
  document: ProjectDocument,
  selected: readonly number[],
  by: number,
  copy: boolean,
): Command[] {
  if (by === 0 || selected.length === 0) return [];
  if (!copy) return [{ type: 'moveKeyframes', frames: [...selected], by }];
  return document.keyframes
    .filter(({ frame }) => selected.includes(frame))
    .map(({ frame, easing, ...channels }): Command => ({
      type: 'addKeyframe',
      frame: frame + by,
      channels: channels as Extract<Command, { type: 'addKeyframe' }>['channels'] & object,
      ...(easing === undefined ? {} : { easing: easing as never }),
    }));
}

/** The same of one channel's key alone; the rest of its keyframe stays. */
export function dragKeyCommands(frame: number, channel: ChannelName, by: number, copy: boolean): Command[] {
  if (by === 0) return [];
  return [{ type: 'placeKeys', moves: [{ frame, channel, to: frame + by }], copy }];
}

/** Label of the undo step. */
export function dragLabel(count: number, copy: boolean): string {
  const what = count === 1 ? 'keyframe' : `${count} keyframes`;
  return `${copy ? 'Duplicate' : 'Move'} ${what}`;
}
