import { beatAt, frameOfBeat } from '../../src-shared/model/beats.ts';
import type { ProjectDocument } from '../../src-shared/model/document-types.ts';

/** Places that drags stick to: keys, markers, both ends of the film and of the loop range, and `extra` ones. */
export function snapTargets(
  document: ProjectDocument,
  count: number,
  options: { readonly without?: ReadonlySet<number>; readonly extra?: readonly number[] } = {},
): number[] {
  const { range, markers = [], keyframes } = document;
  const all = [
    0,
    Math.max(0, count - 1),
    ...(range === undefined ? [] : [range.from, range.to]),
    ...markers.map(({ frame }) => frame),
    ...keyframes.map(({ frame }) => frame),
    ...(options.extra ?? []),
  ];
  return options.without === undefined ? all : all.filter((frame) => !options.without!.has(frame));
}

/** The whole frame of the beat nearest to a frame; none without a tempo. */
export function nearestBeat(document: ProjectDocument, frame: number): number[] {
  const { beats, fps } = document;
  if (beats === undefined) return [];
  return [Math.round(frameOfBeat(beats, fps, Math.round(beatAt(beats, fps, frame))))];
}
