import { CHANNEL_NAMES } from '../../src-shared/model/channels.ts';
import type { Command } from '../../src-shared/model/commands.ts';
import type { Easing } from '../../src-shared/model/easing.ts';
import { easingOf } from '../../src-shared/model/tracks.ts';
import { targetKeyframes } from '../panels/keyframe/targets.ts';
import type { Studio } from '../state/studio.svelte.ts';
import type { Action } from './actions.ts';

const hasSelection = (studio: Studio): boolean =>
  studio.project !== null && studio.selected.resolve(studio.project.document).length > 0;

/** Gives all selected keys one curve. */
function set(studio: Studio, easing: Easing, label = `Set easing to ${String(easing)}`): void {
  const { project, selected } = studio;
  if (project === null) return;
  const at = new Map(project.document.keyframes.map((keyframe) => [keyframe.frame, keyframe]));
  const keys = selected
    .resolve(project.document)
    .map(({ frame, channel }) => ({ frame, channel, value: at.get(frame)![channel], easing }));
  project.edit([{ type: 'putKeys', keys } as Command], label);
}

/** The curve of the first selected key, or of the keyframe that the panel shows. */
function copy(studio: Studio): void {
  const { project, selected, selection, player } = studio;
  if (project === null) return;
  const [key] = selected.resolve(project.document);
  const [keyframe] = targetKeyframes(project.document, selection, player.frame);
  if (keyframe === undefined) return;
  const channel = key?.channel ?? CHANNEL_NAMES.find((name) => keyframe[name] !== undefined) ?? 'prompt';
  studio.copiedEasing = easingOf(keyframe, channel);
}

/** The curves of the selected keys. */
export const EASING_ACTIONS: readonly Action[] = [
  {
    id: 'easing.ease',
    label: 'Ease in and out',
    group: 'Edit',
    keys: ['F9'],
    enabled: hasSelection,
    run: (studio) => set(studio, 'ease-in-out'),
  },
  {
    id: 'easing.linear',
    label: 'Straight to the next key',
    group: 'Edit',
    keys: ['Shift+F9'],
    enabled: hasSelection,
    run: (studio) => set(studio, 'linear'),
  },
  {
    id: 'easing.hold',
    label: 'Hold until the next key',
    group: 'Edit',
    keys: ['Alt+H'],
    enabled: hasSelection,
    run: (studio) => set(studio, 'hold'),
  },
  {
    id: 'easing.copy',
    label: 'Copy the easing',
    group: 'Edit',
    keys: ['Mod+Alt+C'],
    enabled: (studio) => studio.project !== null,
    run: copy,
  },
  {
    id: 'easing.paste',
    label: 'Give the copied easing to the selected keys',
    group: 'Edit',
    keys: ['Mod+Alt+V'],
    enabled: (studio) => studio.copiedEasing !== null && hasSelection(studio),
    run: (studio) => {
      if (studio.copiedEasing !== null) set(studio, studio.copiedEasing, 'Paste easing');
    },
  },
];
