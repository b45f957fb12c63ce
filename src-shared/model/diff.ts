import type { Json } from '../kernel/canonical-json.ts';
import { AppError } from '../kernel/errors.ts';
import type { Keyframe, ProjectDocument } from './document-types.ts';
import { sameJson } from './same-json.ts';

/** A member's value before and after; null = absent. */
export interface Change<Value> {
  readonly from: Value | null;
  readonly to: Value | null;
}

/**
 * The difference of two documents as data: which settings (top-level members) and which keyframes changed, from
 * what, to what. It can be stored, sent, turned round and joined with the next one.
 */
export interface DocumentDiff {
  readonly settings: { readonly [member: string]: Change<Json> };
  /** By frame number. */
  readonly keyframes: { readonly [frame: string]: Change<Keyframe> };
}

const EMPTY_DIFF: DocumentDiff = { settings: {}, keyframes: {} };

export function isEmptyDiff(diff: DocumentDiff): boolean {
  return Object.keys(diff.settings).length === 0 && Object.keys(diff.keyframes).length === 0;
}

export function diffDocuments(before: ProjectDocument, after: ProjectDocument): DocumentDiff {
  if (before === after) return EMPTY_DIFF;
  return {
    settings: changes(settingsOf(before), settingsOf(after)),
    keyframes: changes(keyframesOf(before), keyframesOf(after)),
  };
}

/**
 * The document with the changes made.
 * @throws AppError `invalid-input`: the document is not the one that the diff starts from.
 */
export function applyDiff(document: ProjectDocument, diff: DocumentDiff): ProjectDocument {
  const settings = patched(settingsOf(document), diff.settings);
  const keyframes = patched(keyframesOf(document), diff.keyframes);
  return {
    ...settings,
    keyframes: Object.values(keyframes).sort((a, b) => a.frame - b.frame),
  } as unknown as ProjectDocument;
}

/** Undoes what `diff` does. */
export function reverseDiff(diff: DocumentDiff): DocumentDiff {
  return { settings: turned(diff.settings), keyframes: turned(diff.keyframes) };
}

type Members<Value> = { readonly [key: string]: Value };
type Changes<Value> = { readonly [key: string]: Change<Value> };

function settingsOf(document: ProjectDocument): Members<Json> {
  const { keyframes: _, ...settings } = document;
  return settings as unknown as Members<Json>;
}

function keyframesOf(document: ProjectDocument): Members<Keyframe> {
  return Object.fromEntries(document.keyframes.map((keyframe) => [String(keyframe.frame), keyframe]));
}

function changes<Value>(before: Members<Value>, after: Members<Value>): Changes<Value> {
  const changed: { [key: string]: Change<Value> } = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const from = before[key] ?? null;
    const to = after[key] ?? null;
    if (!sameJson(from, to)) changed[key] = { from, to };
  }
  return changed;
}

function patched<Value>(members: Members<Value>, changed: Changes<Value>): Members<Value> {
  const result: { [key: string]: Value } = { ...members };
  for (const [key, { from, to }] of Object.entries(changed)) {
    if (!sameJson(members[key] ?? null, from)) {
      throw new AppError(
        'invalid-input',
        `The change does not fit the document: ${JSON.stringify(key)} is not what it was when the change was made.`,
        { data: { key } },
      );
    }
    if (to === null) delete result[key];
    else result[key] = to;
  }
  return result;
}

function turned<Value>(changed: Changes<Value>): Changes<Value> {
  return Object.fromEntries(
    Object.entries(changed).map(([key, { from, to }]) => [key, { from: to, to: from }]),
  );
}
