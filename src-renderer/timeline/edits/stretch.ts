import type { Command } from '../../../src-shared/model/commands.ts';
import type { KeyRef } from '../../state/selection.svelte.ts';
import { framesOf, LAST_FRAME } from './move.ts';

/**
 * Where each frame of a selection goes when its edge is dragged from one end (`anchor` is the other one) to `to`:
 * distances scale, the order stays, and no two keys fall on one frame.
 * @param frames ascending, each once, at least two
 * @param anchor the first or the last of them
 */
export function stretched(
  frames: readonly number[],
  anchor: number,
  to: number,
): ReadonlyMap<number, number> {
  const isStart = anchor === frames[0];
  const outward = isStart ? frames : [...frames].reverse();
  const direction = isStart ? 1 : -1;
  const span = Math.abs(outward.at(-1)! - anchor);
  const room = isStart ? LAST_FRAME - anchor : anchor;
  const wanted = Math.min(Math.max((to - anchor) * direction, frames.length - 1), room);
  let least = 0;
  return new Map(
    outward.map((frame, index) => {
      const away = Math.round((Math.abs(frame - anchor) * wanted) / span);
      // Those that still follow need a frame each.
      const at = Math.min(Math.max(away, least), wanted - (outward.length - 1 - index));
      least = at + 1;
      return [frame, anchor + direction * at];
    }),
  );
}

/** What {@link stretched} does to the document. */
export function stretchCommands(keys: readonly KeyRef[], anchor: number, to: number): Command[] {
  const frames = framesOf(keys);
  if (frames.length < 2) return [];
  const places = stretched(frames, anchor, to);
  const moves = keys
    .map(({ frame, channel }) => ({ frame, channel, to: places.get(frame)! }))
    .filter((move) => move.frame !== move.to);
  return moves.length === 0 ? [] : [{ type: 'placeKeys', moves }];
}
