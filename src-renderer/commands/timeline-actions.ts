import type { Studio } from '../state/studio.svelte.ts';
import { freshName, markerBeside, setMarkers } from '../timeline/edits/markers.ts';
import type { Action } from './actions.ts';

const hasProject = (studio: Studio): boolean => studio.project !== null;
const hasMarkers = (studio: Studio): boolean => studio.project?.document.markers !== undefined;

/** A marker at the playhead; where one is already, its name is asked for. */
function addMarker(studio: Studio): void {
  const { project, player } = studio;
  if (project === null) return;
  const markers = project.document.markers ?? [];
  const here = markers.findIndex(({ frame }) => frame === player.frame);
  if (here >= 0) {
    studio.timeline?.renameMarker(here);
    return;
  }
  project.edit(setMarkers([...markers, { frame: player.frame, name: freshName(markers) }]), 'Add marker');
}

function goToMarker(studio: Studio, direction: 1 | -1): void {
  const { project, player } = studio;
  if (project === null) return;
  const to = markerBeside(project.document, player.frame, direction);
  if (to === undefined) return;
  player.setSpeed(0);
  player.seek(to, project.frameCount - 1);
  studio.movedPlayhead();
}

/** Markers, beats, sound and time. */
export const TIMELINE_ACTIONS: readonly Action[] = [
  {
    id: 'marker.add',
    label: 'Add a marker at the playhead, or name it',
    group: 'Edit',
    keys: ['M'],
    enabled: hasProject,
    run: addMarker,
  },
  {
    id: 'marker.previous',
    label: 'Previous marker',
    group: 'Playback',
    keys: ['Mod+Shift+M'],
    enabled: hasMarkers,
    run: (studio) => goToMarker(studio, -1),
  },
  {
    id: 'marker.next',
    label: 'Next marker',
    group: 'Playback',
    keys: ['Shift+M'],
    enabled: hasMarkers,
    run: (studio) => goToMarker(studio, 1),
  },
  {
    id: 'edit.time',
    label: 'Insert or remove time …',
    group: 'Edit',
    keys: ['Mod+Shift+I'],
    enabled: hasProject,
    run: (studio) => void (studio.dialog = 'time'),
  },
  {
    id: 'edit.evenMotion',
    label: 'Even out the motion …',
    group: 'Edit',
    keys: ['Shift+E'],
    enabled: (studio) => studio.project?.readonly === false,
    run: (studio) => void (studio.dialog = 'motion'),
  },
  {
    id: 'beats.edit',
    label: 'Beats …',
    group: 'Edit',
    keys: ['Mod+B'],
    enabled: hasProject,
    run: (studio) => void (studio.dialog = 'beats'),
  },
  {
    id: 'sound.edit',
    label: 'Sound …',
    group: 'Edit',
    keys: ['Shift+S'],
    enabled: hasProject,
    run: (studio) => void (studio.dialog = 'sound'),
  },
  {
    id: 'sound.mute',
    label: 'Mute or hear the sound',
    group: 'Playback',
    keys: ['Alt+Shift+M'],
    enabled: (studio) => studio.project?.document.audio !== undefined,
    run: (studio) => void (studio.sound.muted = !studio.sound.muted),
  },
];
