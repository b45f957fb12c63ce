import type { Command } from '../../../src-shared/model/commands.ts';
import type { ProjectDocument } from '../../../src-shared/model/document-types.ts';
import type { KeyRef } from '../../state/selection.svelte.ts';
import { areWhole, framesOf } from './move.ts';

export function removeCommands(document: ProjectDocument, keys: readonly KeyRef[]): Command[] {
  if (keys.length === 0) return [];
  if (areWhole(document, keys)) return [{ type: 'removeKeyframes', frames: framesOf(keys) }];
  return [{ type: 'removeKeys', keys: [...keys] }];
}

/**
 * Removes the keyframes at `frames` and the time that they began: the next keyframe that stays takes the place of the
 * first one that goes. Where none follows there is no gap to close.
 */
export function rippleDeleteCommands(document: ProjectDocument, frames: readonly number[]): Command[] {
  const gone = new Set(frames);
  const commands: Command[] = [];
  const { keyframes } = document;
  // From the end, so that what was found for earlier frames still holds.
  for (let end = keyframes.length - 1; end >= 0; end--) {
    if (!gone.has(keyframes[end]!.frame)) continue;
    let start = end;
    while (start > 0 && gone.has(keyframes[start - 1]!.frame)) start--;
    const at = keyframes[start]!.frame;
    const next = keyframes[end + 1]?.frame;
    if (next === undefined) {
      commands.push({
        type: 'removeKeyframes',
        frames: keyframes.slice(start, end + 1).map(({ frame }) => frame),
      });
    } else {
      commands.push({ type: 'rippleDelete', at, frames: next - at });
    }
    end = start;
  }
  return commands;
}
