import type { Bindings } from './keymap.ts';

export const KEY_MAP_NAMES = ['default', 'after-effects', 'blender'] as const;
export type KeyMapName = (typeof KEY_MAP_NAMES)[number];

export const KEY_MAP_TITLES: Readonly<Record<KeyMapName, string>> = {
  default: 'Default',
  'after-effects': 'After Effects',
  blender: 'Blender',
};

/**
 * Key maps for hands that know another program: what differs from the defaults of the action table. A combination
 * that a map gives away is taken from the action that has it by default.
 */
export const KEY_MAPS: Readonly<Record<KeyMapName, Bindings>> = {
  default: {},
  'after-effects': {
    'play.reverse': [],
    'play.stop': [],
    'play.forward': [],
    'play.previousKey': ['J'],
    'play.nextKey': ['K'],
    'play.previousFrame': ['PageUp', 'Mod+ArrowLeft'],
    'play.nextFrame': ['PageDown', 'Mod+ArrowRight'],
    'play.back': ['Shift+PageUp', 'Mod+Shift+ArrowLeft'],
    'play.ahead': ['Shift+PageDown', 'Mod+Shift+ArrowRight'],
    'play.start': ['Home', 'Mod+Alt+ArrowLeft'],
    'play.end': ['End', 'Mod+Alt+ArrowRight'],
    'range.in': ['B'],
    'range.out': ['N'],
    'marker.add': ['NumpadMultiply', 'M'],
    'easing.ease': ['F9'],
    'file.export': ['Mod+M'],
  },
  blender: {
    'edit.addKeyframe': ['I'],
    'edit.delete': ['X', 'Delete'],
    'edit.duplicate': ['Shift+D'],
    'edit.selectAll': ['A'],
    'edit.deselect': ['Alt+A', 'Escape'],
    'edit.redo': ['Mod+Shift+Z'],
    'play.previousKey': ['ArrowDown'],
    'play.nextKey': ['ArrowUp'],
    'play.start': ['Shift+ArrowLeft', 'Home'],
    'play.end': ['Shift+ArrowRight', 'End'],
    'play.back': [],
    'play.ahead': [],
    'range.in': ['Mod+Home'],
    'range.out': ['Mod+End'],
    'range.clear': ['Alt+P'],
    'view.snap': ['Shift+Tab'],
    'view.grid': [],
    'render.toggle': ['F12'],
    'render.drafts': ['Shift+F12'],
    'easing.ease': ['T'],
  },
};
