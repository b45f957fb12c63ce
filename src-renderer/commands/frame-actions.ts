import { flagsWith } from '../../src-shared/model/frame-marks.ts';
import type { Studio } from '../state/studio.svelte.ts';
import type { Action } from './actions.ts';

const hasProject = (studio: Studio): boolean => studio.project !== null;
const flagsOf = (studio: Studio): readonly number[] =>
  (studio.project?.document.flags ?? []).map(({ frame }) => frame);

/** Flags the playhead's frame as one to come back to, or takes the flag off. */
function toggleFlag(studio: Studio): void {
  const { project, player } = studio;
  if (project === null) return;
  const isFlagged = flagsOf(studio).includes(player.frame);
  const flags = flagsWith(project.document, player.frame, isFlagged ? null : { frame: player.frame });
  project.edit(
    [{ type: 'setSettings', settings: { flags: flags.length === 0 ? null : [...flags] } }],
    `${isFlagged ? 'Unflag' : 'Flag'} frame ${player.frame}`,
  );
}

function seekFlag(studio: Studio, direction: 1 | -1): void {
  const { project, player } = studio;
  if (project === null) return;
  const flags = flagsOf(studio);
  const next =
    direction === 1
      ? (flags.find((frame) => frame > player.frame) ?? flags[0])
      : (flags.filter((frame) => frame < player.frame).at(-1) ?? flags.at(-1));
  if (next === undefined) return;
  player.seek(next, project.frameCount - 1);
  studio.movedPlayhead();
}

/** Single frames: flags, takes; and how they are rendered. */
export const FRAME_ACTIONS: readonly Action[] = [
  {
    id: 'render.pause',
    label: 'Pause or resume rendering',
    group: 'Render',
    keys: ['P'],
    enabled: (studio) => studio.project?.renderJob !== undefined,
    run: ({ rendering }) => void (rendering.isPaused ? rendering.resume() : rendering.pause()),
  },
  {
    id: 'render.drafts',
    label: 'Draft, then final; or final only',
    group: 'Render',
    keys: ['Shift+D'],
    run(studio) {
      studio.preferences.set({ drafts: !studio.preferences.value.drafts });
      if (studio.project?.renderJob !== undefined) void studio.render();
    },
  },
  {
    id: 'frame.flag',
    label: 'Flag this frame, or take the flag off',
    group: 'Render',
    keys: ['F'],
    enabled: (studio) => studio.project?.readonly === false,
    run: toggleFlag,
  },
  {
    id: 'frame.nextFlag',
    label: 'Next flagged frame',
    group: 'Playback',
    keys: ['Shift+F'],
    enabled: (studio) => flagsOf(studio).length > 0,
    run: (studio) => seekFlag(studio, 1),
  },
  {
    id: 'frame.previousFlag',
    label: 'Previous flagged frame',
    group: 'Playback',
    keys: ['Alt+F'],
    enabled: (studio) => flagsOf(studio).length > 0,
    run: (studio) => seekFlag(studio, -1),
  },
  {
    id: 'take.new',
    label: 'New take of this frame: another seed',
    group: 'Edit',
    keys: ['Y'],
    enabled: (studio) => studio.project?.readonly === false,
    run: (studio) => void studio.takes.reroll(),
  },
  {
    id: 'take.flip',
    label: 'Compare with the take: A and B in turns',
    group: 'View',
    keys: ['Q'],
    enabled: (studio) => studio.takes.list.length > 0,
    run: (studio) => studio.takes.flip(),
  },
  {
    id: 'take.side',
    label: 'Compare with the take side by side',
    group: 'View',
    keys: ['Shift+Q'],
    enabled: (studio) => studio.takes.list.length > 0,
    run(studio) {
      studio.takes.sideBySide = !studio.takes.sideBySide;
      if (studio.takes.sideBySide && studio.takes.looking === null) studio.takes.flip();
    },
  },
  {
    id: 'take.match',
    label: 'Takes: best match with the prompt first',
    group: 'View',
    keys: ['Alt+Q'],
    enabled: (studio) => studio.takes.list.length > 1,
    run: (studio) => studio.takes.match.toggle(),
  },
  {
    id: 'view.holes',
    label: 'Missing frames: the nearest one, or a cross-fade',
    group: 'View',
    keys: ['Shift+H'],
    enabled: hasProject,
    run(studio) {
      const { holes } = studio.preferences.value;
      studio.preferences.set({ holes: holes === 'nearest' ? 'cross-fade' : 'nearest' });
    },
  },
];
