import type { Studio } from '../state/studio.svelte.ts';
import { EASING_ACTIONS } from './easing-actions.ts';
import { FRAME_ACTIONS } from './frame-actions.ts';
import { KEY_ACTIONS } from './key-actions.ts';
import { TIMELINE_ACTIONS } from './timeline-actions.ts';
import { PROJECT_ACTIONS } from './project-actions.ts';

/** Something that the user can do: menus, buttons and keys read the same table. */
export interface Action {
  readonly id: string;
  readonly label: string;
  readonly group: 'Project' | 'Edit' | 'Playback' | 'View' | 'Render';
  /** Default keys, as `Mod+Shift+Z` with `event.code` names; Mod is Ctrl, on a Mac Command. */
  readonly keys: readonly string[];
  /** The system makes an event of these default keys (copy, cut, paste), which the window waits for. */
  readonly isSystems?: boolean;
  enabled?(studio: Studio): boolean;
  run(studio: Studio): void;
}

const hasProject = (studio: Studio): boolean => studio.project !== null;

const hasTimeline = (studio: Studio): boolean => studio.timeline !== null;

function step(studio: Studio, by: number): void {
  studio.player.setSpeed(0);
  seek(studio, studio.player.frame + by);
}

function seek(studio: Studio, frame: number): void {
  if (studio.project === null) return;
  studio.player.seek(frame, studio.project.frameCount - 1);
  studio.movedPlayhead();
}

/** The next keyframe in a direction, or where the playhead is. */
function keyframeBeside(studio: Studio, direction: 1 | -1): number {
  const frames = (studio.project?.document.keyframes ?? []).map(({ frame }) => frame);
  const here = studio.player.frame;
  return direction === 1
    ? (frames.find((frame) => frame > here) ?? here)
    : (frames.filter((frame) => frame < here).at(-1) ?? here);
}

export const ACTIONS: readonly Action[] = [
  ...PROJECT_ACTIONS,
  {
    id: 'file.export',
    label: 'Export …',
    group: 'Project',
    keys: ['Mod+E', 'E'],
    enabled: hasProject,
    run: (studio) => (studio.dialog = 'export'),
  },
  {
    id: 'file.models',
    label: 'Models …',
    group: 'Project',
    keys: ['Mod+Shift+O'],
    run: (studio) => (studio.dialog = 'models'),
  },
  {
    id: 'file.settings',
    label: 'Settings …',
    group: 'Project',
    keys: ['Mod+Comma'],
    run: (studio) => (studio.dialog = 'settings'),
  },
  {
    id: 'edit.undo',
    label: 'Undo',
    group: 'Edit',
    keys: ['Mod+Z'],
    enabled: (studio) => studio.project?.history.undo != null,
    run: (studio) => void studio.project?.undo().catch(studio.fail),
  },
  {
    id: 'edit.redo',
    label: 'Redo',
    group: 'Edit',
    keys: ['Mod+Shift+Z', 'Mod+Y'],
    enabled: (studio) => studio.project?.history.redo != null,
    run: (studio) => void studio.project?.redo().catch(studio.fail),
  },
  ...KEY_ACTIONS,
  ...TIMELINE_ACTIONS,
  ...EASING_ACTIONS,
  ...FRAME_ACTIONS,
  {
    id: 'edit.addKeyframe',
    label: 'Add keyframe at the playhead',
    group: 'Edit',
    keys: ['Enter'],
    enabled: hasProject,
    run: (studio) => studio.addKeyframe(),
  },
  {
    id: 'play.toggle',
    label: 'Play or pause',
    group: 'Playback',
    keys: ['Space'],
    enabled: hasProject,
    run: (studio) => studio.player.toggle(),
  },
  {
    id: 'play.reverse',
    label: 'Play backwards, again for faster',
    group: 'Playback',
    keys: ['J'],
    enabled: hasProject,
    run: (studio) => studio.player.shuttle(-1),
  },
  {
    id: 'play.stop',
    label: 'Stop',
    group: 'Playback',
    keys: ['K'],
    enabled: hasProject,
    run: (studio) => studio.player.setSpeed(0),
  },
  {
    id: 'play.forward',
    label: 'Play, again for faster',
    group: 'Playback',
    keys: ['L'],
    enabled: hasProject,
    run: (studio) => studio.player.shuttle(1),
  },
  {
    id: 'play.previousFrame',
    label: 'Previous frame',
    group: 'Playback',
    keys: ['ArrowLeft', 'Comma'],
    run: (studio) => step(studio, -1),
  },
  {
    id: 'play.nextFrame',
    label: 'Next frame',
    group: 'Playback',
    keys: ['ArrowRight', 'Period'],
    run: (studio) => step(studio, 1),
  },
  {
    id: 'play.back',
    label: 'One second back',
    group: 'Playback',
    keys: ['Shift+ArrowLeft'],
    run: (studio) => step(studio, -Math.round(studio.project?.document.fps ?? 1)),
  },
  {
    id: 'play.ahead',
    label: 'One second ahead',
    group: 'Playback',
    keys: ['Shift+ArrowRight'],
    run: (studio) => step(studio, Math.round(studio.project?.document.fps ?? 1)),
  },
  {
    id: 'play.previousKey',
    label: 'Previous keyframe',
    group: 'Playback',
    keys: ['ArrowUp', 'Alt+ArrowLeft'],
    run: (studio) => seek(studio, keyframeBeside(studio, -1)),
  },
  {
    id: 'play.nextKey',
    label: 'Next keyframe',
    group: 'Playback',
    keys: ['ArrowDown', 'Alt+ArrowRight'],
    run: (studio) => seek(studio, keyframeBeside(studio, 1)),
  },
  {
    id: 'play.start',
    label: 'First frame',
    group: 'Playback',
    keys: ['Home'],
    run: (studio) => seek(studio, 0),
  },
  {
    id: 'play.end',
    label: 'Last frame',
    group: 'Playback',
    keys: ['End'],
    run: (studio) => seek(studio, Number.MAX_SAFE_INTEGER),
  },
  {
    id: 'range.in',
    label: 'Loop range starts here',
    group: 'Playback',
    keys: ['I'],
    enabled: hasProject,
    run: (studio) => studio.setRange('from'),
  },
  {
    id: 'range.out',
    label: 'Loop range ends here',
    group: 'Playback',
    keys: ['O'],
    enabled: hasProject,
    run: (studio) => studio.setRange('to'),
  },
  {
    id: 'range.clear',
    label: 'Loop the whole timeline',
    group: 'Playback',
    keys: ['Alt+X'],
    enabled: (studio) => studio.range !== null,
    run: (studio) => studio.clearRange(),
  },
  {
    id: 'render.toggle',
    label: 'Render what is missing, or stop',
    group: 'Render',
    keys: ['R'],
    enabled: hasProject,
    run: (studio) =>
      void (studio.project?.renderJob === undefined
        ? studio.rendering.start({ retry: true })
        : studio.rendering.stop()),
  },
  {
    id: 'view.fit',
    label: 'Show all frames',
    group: 'View',
    keys: ['Z', 'Backslash'],
    enabled: hasTimeline,
    run: (studio) => studio.timeline?.fitAll(),
  },
  {
    id: 'view.zoomIn',
    label: 'Zoom the timeline in',
    group: 'View',
    keys: ['Equal', 'NumpadAdd'],
    enabled: hasTimeline,
    run: (studio) => studio.timeline?.zoom(1.5),
  },
  {
    id: 'view.zoomOut',
    label: 'Zoom the timeline out',
    group: 'View',
    keys: ['Minus', 'NumpadSubtract'],
    enabled: hasTimeline,
    run: (studio) => studio.timeline?.zoom(1 / 1.5),
  },
  {
    id: 'view.snap',
    label: 'Snap on or off',
    group: 'View',
    keys: ['S'],
    run: (studio) => studio.preferences.set({ snap: !studio.preferences.value.snap }),
  },
  {
    id: 'view.grid',
    label: 'Grid of four prompts',
    group: 'View',
    keys: ['G'],
    enabled: hasProject,
    run: (studio) => (studio.dialog = 'grid'),
  },
  {
    id: 'view.inspector',
    label: 'Inspect the diffusion loop of this frame',
    group: 'View',
    keys: ['Shift+I'],
    enabled: hasProject,
    run: (studio) => (studio.dialog = 'inspector'),
  },
  {
    id: 'view.theme',
    label: 'Dark or light',
    group: 'View',
    keys: ['Mod+Shift+L'],
    run: (studio) =>
      studio.preferences.set({ theme: studio.preferences.value.theme === 'light' ? 'dark' : 'light' }),
  },
  {
    id: 'view.shortcuts',
    label: 'Keyboard shortcuts',
    group: 'View',
    keys: ['Shift+Slash', 'F1'],
    run: (studio) => (studio.dialog = 'shortcuts'),
  },
];
