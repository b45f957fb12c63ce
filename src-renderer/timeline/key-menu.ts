import { CHANNELS, type ChannelName } from '../../src-shared/model/channels.ts';
import type { Command } from '../../src-shared/model/commands.ts';
import type { Keyframe } from '../../src-shared/model/document-types.ts';
import { EASING_NAMES, type Easing } from '../../src-shared/model/easing.ts';
import { easingOf } from '../../src-shared/model/tracks.ts';
import type { MenuItem } from '../state/menu.svelte.ts';
import { isPicture } from './lanes.ts';
import type { TimelineState } from './timeline-state.svelte.ts';

/** The menu of a key; it is about the whole selection, which the key belongs to. */
export function keyMenu(timeline: TimelineState, keyframe: Keyframe, channel: ChannelName): MenuItem[] {
  const { studio } = timeline;
  const typed = !isPicture(channel) && !Array.isArray(keyframe[channel]);
  return [
    { action: 'edit.cut' },
    { action: 'edit.copy' },
    { action: 'edit.paste' },
    { action: 'edit.duplicate' },
    { action: 'edit.delete' },
    { action: 'edit.rippleDelete' },
    'line',
    ...(typed
      ? [
          {
            label: 'Edit value in place',
            run: () => void (timeline.editing = { frame: keyframe.frame, channel }),
          },
        ]
      : []),
    {
      label: `Select all ${CHANNELS[channel].label.toLowerCase()} keys`,
      run: () => selectLane(timeline, channel),
    },
    ...(CHANNELS[channel].kind === 'held'
      ? []
      : [
          'line' as const,
          ...EASING_NAMES.map((name) => ({
            label: name,
            checked: easingOf(keyframe, channel) === name,
            run: () => setEasing(timeline, name),
          })),
        ]),
    'line',
    {
      label: 'Go there',
      run() {
        studio.player.seek(keyframe.frame, timeline.count - 1);
        studio.movedPlayhead();
      },
    },
  ];
}

/** The menu of an empty place of a lane. */
export function laneMenu(timeline: TimelineState, channel: ChannelName, frame: number): MenuItem[] {
  const { studio } = timeline;
  const label = CHANNELS[channel].label.toLowerCase();
  return [
    { label: `Add a ${label} key at frame ${frame}`, run: () => studio.addKey(channel, frame) },
    {
      label: `Paste at frame ${frame}`,
      run() {
        studio.player.seek(frame, timeline.count - 1);
        studio.clipboard.paste();
      },
    },
    { action: 'edit.selectAll' },
    { label: `Select all ${label} keys`, run: () => selectLane(timeline, channel) },
    'line',
    { action: 'marker.add' },
    { action: 'edit.time' },
    'line',
    {
      label: 'Hide this lane',
      disabled: channel === 'prompt',
      run: () => studio.preferences.set({ lanes: { ...studio.preferences.value.lanes, [channel]: false } }),
    },
  ];
}

function selectLane({ studio, document }: TimelineState, channel: ChannelName): void {
  studio.selected.set(
    document.keyframes
      .filter((keyframe) => keyframe[channel] !== undefined)
      .map(({ frame }) => ({ frame, channel: channel === 'prompt' ? '*' : channel })),
  );
}

function setEasing({ studio, document, project }: TimelineState, easing: Easing): void {
  const at = new Map(document.keyframes.map((keyframe) => [keyframe.frame, keyframe]));
  const keys = studio.selected
    .resolve(document)
    .map(({ frame, channel }) => ({ frame, channel, value: at.get(frame)![channel], easing }));
  project.edit([{ type: 'putKeys', keys } as Command], `Set easing to ${easing}`);
}
