import type { Flag, ProjectDocument, Take } from './document-types.ts';
import type { Noise } from './frame-spec.ts';
import { blendNoise, noiseOf } from './noise.ts';

/** What a document says of single frames: pins, takes, flags. */

const memo = new WeakMap<ProjectDocument, ReadonlyMap<number, Take>>();

/** The pins of a document by frame; kept as long as the document. */
function pinsOf(document: ProjectDocument): ReadonlyMap<number, Take> {
  const known = memo.get(document);
  if (known !== undefined) return known;
  const pins = new Map((document.pins ?? []).map((pin) => [pin.frame, pin]));
  memo.set(document, pins);
  return pins;
}

export function pinAt(document: ProjectDocument, frame: number): Take | undefined {
  return document.pins === undefined ? undefined : pinsOf(document).get(frame);
}

/** The noise of a frame with its pin: the take's own, or on the way to it by the take's amount. */
export function pinnedNoise(document: ProjectDocument, frame: number, noise: Noise): Noise {
  const pin = pinAt(document, frame);
  if (pin === undefined) return noise;
  const other = noiseOf(pin.seed);
  const { amount = 1 } = pin;
  return amount === 1 ? other : blendNoise('slerp', noise, other, amount);
}

/** The document with a frame pinned to a take, or with its pin taken off. */
export function withPin(document: ProjectDocument, frame: number, take: Take | null): ProjectDocument {
  return { ...document, pins: marksWith(document.pins, frame, take === null ? [] : [{ ...take, frame }]) };
}

/** The flags after a frame was flagged, or its flag taken off. */
export function flagsWith(document: ProjectDocument, frame: number, flag: Flag | null): readonly Flag[] {
  return marksWith(document.flags, frame, flag === null ? [] : [flag]);
}

/** The takes of a frame replaced by `takes`, which keep their order. */
export function takesWith(document: ProjectDocument, frame: number, takes: readonly Take[]): readonly Take[] {
  return marksWith(document.takes, frame, takes);
}

export function pinsWith(document: ProjectDocument, frame: number, pin: Take | null): readonly Take[] {
  return marksWith(document.pins, frame, pin === null ? [] : [pin]);
}

function marksWith<Mark extends { readonly frame: number }>(
  marks: readonly Mark[] | undefined,
  frame: number,
  own: readonly Mark[],
): readonly Mark[] {
  const others = (marks ?? []).filter((mark) => mark.frame !== frame);
  return [...others, ...own].sort((a, b) => a.frame - b.frame);
}
