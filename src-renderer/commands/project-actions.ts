import type { Studio } from '../state/studio.svelte.ts';
import type { Action } from './actions.ts';

const hasProject = (studio: Studio): boolean => studio.project !== null;

/** Project files and the host that they are on. */
export const PROJECT_ACTIONS: readonly Action[] = [
  {
    id: 'file.new',
    label: 'New project',
    group: 'Project',
    keys: ['Mod+Alt+N'],
    run: (studio) => void studio.create('Untitled'),
  },
  {
    id: 'file.open',
    label: 'Open project …',
    group: 'Project',
    keys: ['Mod+O'],
    run: (studio) => void studio.library.chooseProject(),
  },
  {
    id: 'file.saveCopy',
    label: 'Save a copy …',
    group: 'Project',
    keys: ['Mod+Shift+S'],
    enabled: hasProject,
    run: (studio) => void studio.library.saveCopy(),
  },
  {
    id: 'file.close',
    label: 'Close project',
    group: 'Project',
    keys: [],
    enabled: hasProject,
    run: (studio) => studio.closeProject(),
  },
  {
    id: 'file.connection',
    label: 'Connection …',
    group: 'Project',
    keys: [],
    run: (studio) => (studio.dialog = 'connection'),
  },
];
