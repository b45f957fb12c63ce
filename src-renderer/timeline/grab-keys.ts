import type { ChannelName } from '../../src-shared/model/channels.ts';
import type { Command } from '../../src-shared/model/commands.ts';
import type { Keyframe, ProjectDocument } from '../../src-shared/model/document-types.ts';
import { easingOf } from '../../src-shared/model/tracks.ts';
import type { KeyRef, SelectedKey } from '../state/selection.svelte.ts';
import { clampMove, framesOf, moveCommands, moveLabel, type MoveMode } from './edits/move.ts';
import { stretchCommands, stretched } from './edits/stretch.ts';
import { finishTyping, follow } from './follow.ts';
import { draggedValue, isNumeric, valueScale } from './lanes.ts';
import { snapTargets } from './snapping.ts';
import type { TimelineState } from './timeline-state.svelte.ts';

/** Pixels before a press becomes a drag, and before a drag along the time also changes a value. */
const THRESHOLD = 3;
const VALUE_THRESHOLD = 6;

/**
 * Press on a key: selects it (Shift adds, Ctrl adds or takes out) and drags the selection. Ctrl turns snapping round,
 * Alt leaves copies behind, Ctrl+Shift moves everything later along, Shift keeps to one direction, Alt on the last of
 * several keys stretches them.
 * A prompt stands for its whole keyframe.
 */
export function grabKey(
  timeline: TimelineState,
  event: PointerEvent,
  keyframe: Keyframe,
  channel: ChannelName,
): void {
  if (event.button === 1) return timeline.panWith(event);
  if (event.button !== 0) return;
  event.stopPropagation();
  finishTyping();
  const { studio, project } = timeline;
  const { selected } = studio;
  const { frame } = keyframe;
  const base = timeline.document;
  const key: SelectedKey = { frame, channel: channel === 'prompt' ? '*' : channel };
  const wasSelected = selected.has(frame, channel);
  const toggles = (event.ctrlKey || event.metaKey) && !event.shiftKey;
  if (!wasSelected) {
    if (toggles || event.shiftKey) selected.add([key]);
    else selected.set([key]);
  }
  const keys = selected.resolve(base);
  const before = selected.keys;
  const frames = framesOf(keys);
  if (event.altKey && frames.length > 1 && frame === frames.at(-1)) {
    return stretchSelection(timeline, event, 'end');
  }
  const grabbed = timeline.frameOf(event);
  const targets = snapTargets(base, timeline.count, {
    without: new Set(frames),
    extra: [studio.player.frame],
  });
  const start = { x: event.clientX, y: event.clientY };
  let dragging = false;

  const show = (moved: PointerEvent): void => {
    const [dx, dy] = [moved.clientX - start.x, moved.clientY - start.y];
    dragging ||= Math.max(Math.abs(dx), isNumeric(channel) ? Math.abs(dy) : 0) >= THRESHOLD;
    if (!dragging) return;
    const ripples = studio.ripple !== ((moved.ctrlKey || moved.metaKey) && moved.shiftKey);
    const mode: MoveMode = moved.altKey ? 'copy' : ripples ? 'ripple' : 'move';
    const constrained = moved.shiftKey && !moved.ctrlKey && !moved.metaKey;
    const upright = constrained && isNumeric(channel) && Math.abs(dy) > Math.abs(dx);
    const wanted = upright ? frame : wantedFrame(moved, constrained);
    const by = clampMove(base, keys, wanted - frame, mode);
    const isLevel = mode !== 'move' || Math.abs(dy) < VALUE_THRESHOLD || (constrained && !upright);
    const commands = [
      ...moveCommands(base, keys, by, mode),
      ...(isLevel ? [] : valueCommands(timeline, base, keys, channel, by, dy)),
    ];
    const label =
      by === 0 && !isLevel
        ? `Change ${channel === 'steps' ? 'steps' : 'value'}`
        : moveLabel(base, keys, mode);
    project.preview({ commands, label });
    selected.set(before.map((other) => ({ ...other, frame: other.frame + by })));
  };
  const wantedFrame = (moved: PointerEvent, coarse: boolean): number => {
    const at = frame + timeline.frameOf(moved) - grabbed;
    if (!coarse || isNumeric(channel)) return timeline.snap(at, moved, targets);
    // Whole seconds from where it was.
    const second = Math.max(1, Math.round(base.fps));
    return frame + Math.round((at - frame) / second) * second;
  };

  follow(event, {
    move: show,
    end(cancelled) {
      project.endPreview(cancelled || !dragging);
      if (cancelled) selected.set(before);
      if (cancelled || dragging) return;
      // A click.
      if (toggles && wasSelected) selected.toggle(key, base);
      else if (!toggles && !event.shiftKey) {
        selected.set([key]);
        studio.player.seek(frame, timeline.count - 1);
        studio.movedPlayhead();
      }
    },
  });
}

/** Values of the selected keys of the lane, all changed by as much as the grabbed one. */
function valueCommands(
  timeline: TimelineState,
  base: ProjectDocument,
  keys: readonly KeyRef[],
  channel: ChannelName,
  by: number,
  dy: number,
): Command[] {
  if (!isNumeric(channel)) return [];
  const scale = valueScale(
    channel,
    base.keyframes.flatMap((keyframe) => keyframe[channel] ?? []),
  );
  const height = timeline.heightOf(channel);
  const changed = base.keyframes.flatMap((keyframe) => {
    const value = keyframe[channel];
    const isIn = keys.some((key) => key.frame === keyframe.frame && key.channel === channel);
    if (value === undefined || !isIn) return [];
    return [
      {
        frame: keyframe.frame + by,
        channel,
        value: draggedValue(channel, scale, value, dy, height),
        easing: easingOf(keyframe, channel) as never,
      },
    ];
  });
  return changed.length === 0 ? [] : [{ type: 'putKeys', keys: changed }];
}

/** Drags one end of the selection: its keys keep their proportions. */
export function stretchSelection(timeline: TimelineState, event: PointerEvent, end: 'start' | 'end'): void {
  event.stopPropagation();
  const { studio, project } = timeline;
  const { selected } = studio;
  const base = timeline.document;
  const before = selected.keys;
  const keys = selected.resolve(base);
  const frames = framesOf(keys);
  if (frames.length < 2) return;
  const [anchor, edge] = end === 'end' ? [frames[0]!, frames.at(-1)!] : [frames.at(-1)!, frames[0]!];
  const grabbed = timeline.frameOf(event);
  const targets = snapTargets(base, timeline.count, {
    without: new Set(frames),
    extra: [studio.player.frame],
  });
  follow(event, {
    move(moved) {
      const to = timeline.snap(edge + timeline.frameOf(moved) - grabbed, moved, targets);
      project.preview({
        commands: stretchCommands(keys, anchor, to),
        label: `Stretch ${frames.length} keyframes`,
      });
      const places = stretched(frames, anchor, to);
      selected.set(before.map((key) => ({ ...key, frame: places.get(key.frame) ?? key.frame })));
    },
    end(cancelled) {
      project.endPreview(cancelled);
      if (cancelled) selected.set(before);
    },
  });
}
