import type { ChannelName } from '../../src-shared/model/channels.ts';
import type { SelectedKey } from '../state/selection.svelte.ts';
import { finishTyping, follow } from './follow.ts';
import { frameAt } from './geometry.ts';
import type { TimelineState } from './timeline-state.svelte.ts';

/** Draws a box over lanes and selects the keys in it; Shift keeps what was selected. Without a drag it deselects. */
export function boxSelect(timeline: TimelineState, event: PointerEvent): void {
  if (event.button === 1) return timeline.panWith(event);
  if (event.button !== 0 || (event.target as HTMLElement).closest('button, input') !== null) return;
  finishTyping();
  const { selected } = timeline.studio;
  const { viewport } = timeline;
  if (viewport === undefined) return;
  const before = event.shiftKey ? selected.keys : [];
  const whole = selected.keys;
  const start = timeline.frameOf(event);
  const y = event.clientY;
  selected.set(before);
  follow(event, {
    move(moved) {
      const end = frameAt(timeline.view, timeline.xOf(moved));
      const bounds = viewport.getBoundingClientRect();
      const [from, to] = [Math.min(start, end), Math.max(start, end)];
      const [top, bottom] = [Math.min(y, moved.clientY), Math.max(y, moved.clientY)];
      timeline.box = { from, to, top: Math.max(0, top - bounds.top), bottom: bottom - bounds.top };
      const lanes = lanesBetween(viewport, top, bottom);
      const inside = timeline.document.keyframes.flatMap((keyframe): SelectedKey[] => {
        if (keyframe.frame + 1 < from || keyframe.frame > to) return [];
        return lanes
          .filter((channel) => keyframe[channel] !== undefined)
          .map((channel) => ({ frame: keyframe.frame, channel: channel === 'prompt' ? '*' : channel }));
      });
      selected.set(before);
      selected.add(inside);
    },
    end(cancelled) {
      timeline.box = null;
      if (cancelled) selected.set(whole);
    },
  });
}

function lanesBetween(viewport: HTMLElement, top: number, bottom: number): ChannelName[] {
  return [...viewport.querySelectorAll<HTMLElement>('[data-lane]')]
    .filter((lane) => {
      const bounds = lane.getBoundingClientRect();
      return bounds.top < bottom && bounds.bottom > top;
    })
    .map((lane) => lane.dataset.lane as ChannelName);
}
