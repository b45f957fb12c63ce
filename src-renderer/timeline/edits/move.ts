import { CHANNEL_NAMES } from '../../../src-shared/model/channels.ts';
import type { Command } from '../../../src-shared/model/commands.ts';
import type { ProjectDocument } from '../../../src-shared/model/document-types.ts';
import type { KeyRef } from '../../state/selection.svelte.ts';

/** The last frame that a timeline can have. */
export const LAST_FRAME = 99_999;

/** What a drag does: `ripple` takes everything later along, time itself is inserted or removed. */
export type MoveMode = 'move' | 'copy' | 'ripple';

/** Frames of keys, ascending, each once. */
export function framesOf(keys: readonly { readonly frame: number }[]): number[] {
  return [...new Set(keys.map(({ frame }) => frame))].sort((a, b) => a - b);
}

/** Whether the keys are all that their keyframes have. */
export function areWhole(document: ProjectDocument, keys: readonly KeyRef[]): boolean {
  const frames = new Set(keys.map(({ frame }) => frame));
  const all = document.keyframes
    .filter(({ frame }) => frames.has(frame))
    .flatMap((keyframe) => CHANNEL_NAMES.filter((channel) => keyframe[channel] !== undefined));
  return all.length === keys.length;
}

/** How far a selection can go: it stays on the timeline as a whole; a ripple does not run into the key before it. */
export function clampMove(
  document: ProjectDocument,
  keys: readonly KeyRef[],
  by: number,
  mode: MoveMode,
): number {
  if (keys.length === 0) return 0;
  const frames = framesOf(keys);
  const first = frames[0]!;
  if (mode !== 'ripple') return within(by, -first, LAST_FRAME - frames.at(-1)!);
  const before = document.keyframes.filter(({ frame }) => frame < first).at(-1)?.frame ?? -1;
  const last = Math.max(document.keyframes.at(-1)?.frame ?? first, (document.length ?? 0) - 1);
  return within(by, before + 1 - first, LAST_FRAME - last);
}

function within(by: number, least: number, most: number): number {
  // Not -0: it would show in comparisons.
  return Math.min(Math.max(by, least), most) + 0;
}

/** What dragging keys by a number of frames (clamped before) does to the document. */
export function moveCommands(
  document: ProjectDocument,
  keys: readonly KeyRef[],
  by: number,
  mode: MoveMode,
): Command[] {
  if (by === 0 || keys.length === 0) return [];
  const first = framesOf(keys)[0]!;
  if (mode === 'ripple') {
    return by > 0
      ? [{ type: 'rippleInsert', at: first, frames: by }]
      : [{ type: 'rippleDelete', at: first + by, frames: -by }];
  }
  if (mode === 'move' && areWhole(document, keys)) {
    return [{ type: 'moveKeyframes', frames: framesOf(keys), by }];
  }
  const moves = keys.map(({ frame, channel }) => ({ frame, channel, to: frame + by }));
  return [{ type: 'placeKeys', moves, copy: mode === 'copy' }];
}

/** Label of the undo step. */
export function moveLabel(document: ProjectDocument, keys: readonly KeyRef[], mode: MoveMode): string {
  const verb = { move: 'Move', copy: 'Duplicate', ripple: 'Ripple' }[mode];
  return `${verb} ${named(document, keys)}`;
}

/** "keyframe", "3 keyframes", "key", "2 keys". */
export function named(document: ProjectDocument, keys: readonly KeyRef[]): string {
  const whole = areWhole(document, keys);
  const count = whole ? framesOf(keys).length : keys.length;
  const noun = whole ? 'keyframe' : 'key';
  return count === 1 ? noun : `${count} ${noun}s`;
}
