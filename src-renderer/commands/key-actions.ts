import type { Studio } from '../state/studio.svelte.ts';
import { copiedKeys, copyText, pasteCommands } from '../timeline/edits/clipboard.ts';
import { framesOf, named } from '../timeline/edits/move.ts';
import { rippleDeleteCommands } from '../timeline/edits/remove.ts';
import type { Action } from './actions.ts';

const hasProject = (studio: Studio): boolean => studio.project !== null;
const hasSelection = (studio: Studio): boolean =>
  studio.project !== null && studio.selected.resolve(studio.project.document).length > 0;

/** Copies of the selected keys right behind the last of them, selected. */
function duplicate(studio: Studio): void {
  const { project, selected } = studio;
  if (project === null) return;
  const { document } = project;
  const keys = selected.resolve(document);
  const frames = framesOf(keys);
  // As far behind the last key as the last two are from each other: a rhythm goes on.
  const step = frames.length > 1 ? frames.at(-1)! - frames.at(-2)! : Math.max(1, Math.round(document.fps));
  const copied = copiedKeys(copyText(document, keys));
  if (copied === undefined) return;
  const pasted = pasteCommands(copied, frames.at(-1)! + step, document.fps);
  project.edit(pasted.commands, `Duplicate ${named(document, keys)}`);
  selected.set(pasted.keys);
}

function rippleDelete(studio: Studio): void {
  const { project, selected } = studio;
  if (project === null) return;
  const keys = selected.resolve(project.document);
  const frames = framesOf(keys);
  const label = `Ripple delete ${frames.length === 1 ? 'keyframe' : `${frames.length} keyframes`}`;
  project.edit(rippleDeleteCommands(project.document, frames), label);
  selected.clear();
}

function selectAll(studio: Studio): void {
  const frames = studio.project?.document.keyframes.map(({ frame }) => frame) ?? [];
  studio.selected.setFrames(frames);
}

/** What can be done with keys, whichever lane they are on. */
export const KEY_ACTIONS: readonly Action[] = [
  {
    id: 'edit.cut',
    label: 'Cut keys',
    group: 'Edit',
    keys: ['Mod+X'],
    isSystems: true,
    enabled: hasSelection,
    run: (studio) => studio.clipboard.cut(),
  },
  {
    id: 'edit.copy',
    label: 'Copy keys',
    group: 'Edit',
    keys: ['Mod+C'],
    isSystems: true,
    enabled: hasSelection,
    run: (studio) => studio.clipboard.copy(),
  },
  {
    id: 'edit.paste',
    label: 'Paste keys at the playhead',
    group: 'Edit',
    keys: ['Mod+V'],
    isSystems: true,
    enabled: hasProject,
    run: (studio) => studio.clipboard.paste(),
  },
  {
    id: 'edit.duplicate',
    label: 'Duplicate keys',
    group: 'Edit',
    keys: ['Mod+D'],
    enabled: hasSelection,
    run: duplicate,
  },
  {
    id: 'edit.delete',
    label: 'Delete keys',
    group: 'Edit',
    keys: ['Delete', 'Backspace'],
    enabled: hasSelection,
    run: (studio) => studio.clipboard.removeSelected('Remove'),
  },
  {
    id: 'edit.rippleDelete',
    label: 'Delete keyframes and close the gap',
    group: 'Edit',
    keys: ['Shift+Delete', 'Shift+Backspace'],
    enabled: hasSelection,
    run: rippleDelete,
  },
  {
    id: 'edit.selectAll',
    label: 'Select all keyframes',
    group: 'Edit',
    keys: ['Mod+A'],
    enabled: hasProject,
    run: selectAll,
  },
  {
    id: 'edit.deselect',
    label: 'Select nothing',
    group: 'Edit',
    keys: ['Mod+Shift+A', 'Escape'],
    enabled: hasSelection,
    run: (studio) => studio.selected.clear(),
  },
  {
    id: 'edit.ripple',
    label: 'Ripple mode: drags take everything later along',
    group: 'Edit',
    keys: ['Shift+R'],
    enabled: hasProject,
    run: (studio) => void (studio.ripple = !studio.ripple),
  },
];
