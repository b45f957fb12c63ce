import { z } from 'zod';
import { AppError } from '../kernel/errors.ts';
import type { DocumentChange } from './commands.ts';
import { applyDiff, diffDocuments, type DocumentDiff, isEmptyDiff, reverseDiff } from './diff.ts';
import type { ProjectDocument } from './document-types.ts';
import { describeIssues } from './parse-errors.ts';

/** One step of the undo menu. */
export interface HistoryEntry {
  readonly label: string;
  readonly diff: DocumentDiff;
}

/** The undo history as data: it can be stored beside the document and goes on after a restart. */
export interface History {
  readonly version: 1;
  /** Oldest first. */
  readonly undo: readonly HistoryEntry[];
  /** The next one to redo is last. */
  readonly redo: readonly HistoryEntry[];
}

/** A document with its history. */
export interface EditState {
  readonly document: ProjectDocument;
  readonly history: History;
}

export const EMPTY_HISTORY: History = { version: 1, undo: [], redo: [] };

/** Steps that are kept. */
const HISTORY_LIMIT = 1000;

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

/** Keeps a change that was made to `state.document`. What could be redone is lost. */
export function record(state: EditState, change: DocumentChange): EditState {
  const diff = diffDocuments(state.document, change.document);
  if (isEmptyDiff(diff)) return state;
  const { history } = state;
  const undo = [...history.undo, { label: change.label, diff }].slice(-HISTORY_LIMIT);
  return { document: change.document, history: { ...history, undo, redo: [] } };
}

/** One step back; without steps: the same state. */
export function undo(state: EditState): EditState {
  const { document, history } = state;
  const entry = history.undo.at(-1);
  if (entry === undefined) return state;
  return {
    document: applyDiff(document, reverseDiff(entry.diff)),
    history: { ...history, undo: history.undo.slice(0, -1), redo: [...history.redo, entry] },
  };
}

/** One step forward again; without one: the same state. */
export function redo(state: EditState): EditState {
  const { document, history } = state;
  const entry = history.redo.at(-1);
  if (entry === undefined) return state;
  return {
    document: applyDiff(document, entry.diff),
    history: { ...history, undo: [...history.undo, entry], redo: history.redo.slice(0, -1) },
  };
}
