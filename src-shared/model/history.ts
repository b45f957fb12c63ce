import { z } from 'zod';
import { AppError } from '../kernel/errors.ts';
import { applyCommand, type Command, type DocumentChange } from './commands.ts';
import {
  applyDiff,
  diffDocuments,
  type DocumentDiff,
  EMPTY_DIFF,
  isEmptyDiff,
  reverseDiff,
  squashDiffs,
} from './diff.ts';
import type { ProjectDocument } from './document-types.ts';
import { describeIssues } from './parse-errors.ts';

/** One step of the undo menu. */
export interface HistoryEntry {
  readonly label: string;
  readonly diff: DocumentDiff;
}

/** A place in the history to which a gesture can be squashed or taken back. */
export interface HistoryMark {
  readonly id: string;
  /** Number of undo entries when the mark was set. */
  readonly depth: number;
  /** The redo entries of that moment: taking the gesture back brings them back too. */
  readonly redo: readonly HistoryEntry[];
}

/** The undo history as data: it can be stored beside the document and goes on after a restart. */
export interface History {
  readonly version: 1;
  /** Oldest first. */
  readonly undo: readonly HistoryEntry[];
  /** The next one to redo is last. */
  readonly redo: readonly HistoryEntry[];
  /** Open gestures, outermost first. */
  readonly marks: readonly HistoryMark[];
}

/** A document with its history. */
export interface EditState {
  readonly document: ProjectDocument;
  readonly history: History;
}

export const EMPTY_HISTORY: History = { version: 1, undo: [], redo: [], marks: [] };

/** Steps that are kept. */
export const HISTORY_LIMIT = 1000;

const changeSchema = z.strictObject({ from: z.json(), to: z.json() });
const entrySchema = z.strictObject({
  label: z.string(),
  diff: z.strictObject({
    settings: z.record(z.string(), changeSchema),
    keyframes: z.record(z.string(), changeSchema),
  }),
});
const historySchema = z.strictObject({
  version: z.literal(1),
  undo: z.array(entrySchema),
  redo: z.array(entrySchema),
  marks: z.array(
    z.strictObject({ id: z.string(), depth: z.int().nonnegative(), redo: z.array(entrySchema) }),
  ),
});

/**
 * Checks a stored history.
 * @throws AppError `invalid-document`.
 */
export function parseHistory(json: unknown): History {
  const result = historySchema.safeParse(json);
  // A diff's values are checked by what they meet: they only ever replace equal ones.
  if (result.success) return result.data as unknown as History;
  throw new AppError(
    'invalid-document',
    `The undo history is damaged: ${describeIssues(historySchema, json, result.error.issues)}`,
  );
}

/** Runs a command and keeps how to undo it. A command that changes nothing leaves the state as it is. */
export function edit(state: EditState, command: Command): EditState {
  return record(state, applyCommand(state.document, command));
}

/** Keeps a change that was made to `state.document`. What could be redone is lost. */
export function record(state: EditState, change: DocumentChange): EditState {
  const diff = diffDocuments(state.document, change.document);
  if (isEmptyDiff(diff)) return state;
  const { history } = state;
  const all = [...history.undo, { label: change.label, diff }];
  // Depths of open marks must stay true, so old steps go only between gestures.
  const undo = history.marks.length === 0 ? all.slice(-HISTORY_LIMIT) : all;
  return { document: change.document, history: { ...history, undo, redo: [] } };
}

export function canUndo(history: History): boolean {
  return history.undo.length > 0;
}

export function canRedo(history: History): boolean {
  return history.redo.length > 0;
}

/** One step back; an open gesture is finished first and is that step. Without steps: the same state. */
export function undo(state: EditState): EditState {
  const { document, history } = finished(state);
  const entry = history.undo.at(-1);
  if (entry === undefined) return history === state.history ? state : { document, history };
  return {
    document: applyDiff(document, reverseDiff(entry.diff)),
    history: { ...history, undo: history.undo.slice(0, -1), redo: [...history.redo, entry] },
  };
}

/** One step forward again; without one: the same state. */
export function redo(state: EditState): EditState {
  const { document, history } = finished(state);
  const entry = history.redo.at(-1);
  if (entry === undefined) return history === state.history ? state : { document, history };
  return {
    document: applyDiff(document, entry.diff),
    history: { ...history, undo: [...history.undo, entry], redo: history.redo.slice(0, -1) },
  };
}

/** Starts a gesture (a drag, typing in a field). */
export function mark(state: EditState, id: string): EditState {
  const { history } = state;
  if (history.marks.some((known) => known.id === id)) {
    throw new AppError('invalid-input', `The gesture ${JSON.stringify(id)} is open already.`);
  }
  const entry: HistoryMark = { id, depth: history.undo.length, redo: history.redo };
  return { ...state, history: { ...history, marks: [...history.marks, entry] } };
}

/**
 * Ends a gesture: everything since its mark becomes one step, or none where it all cancels out (then what could be
 * redone before still can). Gestures inside it end with it.
 * @throws AppError `not-found`: no open gesture of that name.
 */
export function squashToMark(state: EditState, id: string, label?: string): EditState {
  const { history } = state;
  const { at, open } = findMark(history, id);
  const since = history.undo.slice(open.depth);
  const marks = history.marks.slice(0, at);
  const before = history.undo.slice(0, open.depth);
  const diff = since.reduce((joined, entry) => squashDiffs(joined, entry.diff), EMPTY_DIFF);
  if (isEmptyDiff(diff)) return { ...state, history: { ...history, undo: before, redo: open.redo, marks } };
  const undo = [...before, { label: label ?? since.at(-1)!.label, diff }];
  return {
    ...state,
    history: { ...history, undo: marks.length === 0 ? undo.slice(-HISTORY_LIMIT) : undo, marks },
  };
}

/**
 * Takes a gesture back (Esc in a drag): document and history are as they were at its mark.
 * @throws AppError `not-found`: no open gesture of that name.
 */
export function bailToMark(state: EditState, id: string): EditState {
  const { history } = state;
  const { at, open } = findMark(history, id);
  const document = history.undo
    .slice(open.depth)
    .reduceRight((later, entry) => applyDiff(later, reverseDiff(entry.diff)), state.document);
  return {
    document,
    history: {
      ...history,
      undo: history.undo.slice(0, open.depth),
      redo: open.redo,
      marks: history.marks.slice(0, at),
    },
  };
}

function findMark(history: History, id: string): { at: number; open: HistoryMark } {
  const at = history.marks.findIndex((known) => known.id === id);
  const open = history.marks[at];
  if (open !== undefined) return { at, open };
  throw new AppError('not-found', `There is no open gesture ${JSON.stringify(id)}.`);
}

/** The state with every open gesture ended. */
function finished(state: EditState): EditState {
  const outermost = state.history.marks[0];
  return outermost === undefined ? state : squashToMark(state, outermost.id);
}
