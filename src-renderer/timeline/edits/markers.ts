import type { Command } from '../../../src-shared/model/commands.ts';
import type { Marker, ProjectDocument } from '../../../src-shared/model/document-types.ts';

/** The command that makes these the markers, sorted; none removes them all. */
export function setMarkers(markers: readonly Marker[]): Command[] {
  const sorted = [...markers].sort((a, b) => a.frame - b.frame);
  return [{ type: 'setSettings', settings: { markers: sorted.length === 0 ? null : sorted } }];
}

/** "Marker 3": the first number that none has. */
export function freshName(markers: readonly Marker[]): string {
  const taken = new Set(markers.map(({ name }) => name));
  for (let number = 1; ; number++) {
    if (!taken.has(`Marker ${number}`)) return `Marker ${number}`;
  }
}

/** The nearest marker before or behind a frame. */
export function markerBeside(
  document: ProjectDocument,
  frame: number,
  direction: 1 | -1,
): number | undefined {
  const frames = (document.markers ?? []).map((marker) => marker.frame);
  return direction === 1
    ? frames.find((other) => other > frame)
    : frames.filter((other) => other < frame).at(-1);
}
