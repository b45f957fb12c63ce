import {
  EMPTY_HISTORY,
  type History,
  type HistoryEntry,
  parseHistory,
} from '../../../src-shared/model/history.ts';
import type { Store } from '../store/project-store.ts';

/**
 * The undo history that a project file holds.
 * @throws {AppError} invalid-document when it is damaged
 */
export function readHistory(store: Store): History {
  const { entries, cursor } = store.history();
  const steps = entries.map(({ position, label, diff }) => ({
    position,
    label,
    diff: JSON.parse(diff) as unknown,
  }));
  const plain = (step: (typeof steps)[number]): object => ({ label: step.label, diff: step.diff });
  return parseHistory({
    ...EMPTY_HISTORY,
    undo: steps.filter(({ position }) => position <= cursor).map(plain),
    redo: steps
      .filter(({ position }) => position > cursor)
      .map(plain)
      .reverse(),
  });
}

/**
 * Brings the file's history from `before` to `after`, both without open marks; call it in the transaction that saves
 * the document. Steps that both share (the same objects) are not written again.
 */
export function writeHistory(store: Store, before: History, after: History): void {
  const next = timeline(after);
  // Beyond its limit a history forgets its oldest steps; the store does the same by itself.
  const forgotten = Math.max(0, timeline(before).indexOf(next[0] as HistoryEntry));
  const old = timeline(before).slice(forgotten);
  let cursor = before.undo.length - forgotten;
  const moveTo = (position: number): void => {
    for (; cursor > position; cursor--) store.undo();
    for (; cursor < position; cursor++) store.redo();
  };
  let shared = 0;
  while (shared < old.length && shared < next.length && old[shared] === next[shared]) shared++;
  if (shared < old.length || shared < next.length) {
    // The store drops what comes after the cursor when a step is pushed; so one is, be it one that was there.
    const from = shared === next.length ? shared - 1 : shared;
    if (from < 0 || cursor < 0) {
      store.clearHistory();
      cursor = 0;
    } else {
      moveTo(from);
    }
    for (const { label, diff } of next.slice(cursor)) {
      store.pushHistory({ label, diff: JSON.stringify(diff) });
      cursor++;
    }
  }
  moveTo(after.undo.length);
}

/** All steps, oldest first, those that can be redone at the end. */
function timeline(history: History): HistoryEntry[] {
  return [...history.undo, ...history.redo.toReversed()];
}
