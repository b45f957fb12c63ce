import type { ChangeResult, HistoryState } from '../../../src-shared/contract/values.ts';
import type { EventData } from '../../../src-shared/contract/events.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { applyCommand, type Command } from '../../../src-shared/model/commands.ts';
import { type DocumentDiff, diffDocuments, isEmptyDiff } from '../../../src-shared/model/diff.ts';
import type { ProjectDocument } from '../../../src-shared/model/document-types.ts';
import {
  type EditState,
  EMPTY_HISTORY,
  type History,
  record,
  redo,
  undo,
} from '../../../src-shared/model/history.ts';
import { parseDocumentText, type Project } from '../project.ts';
import { isStaleRevision } from '../store/document-table.ts';
import { readHistory, writeHistory } from './stored-history.ts';

export type ChangeEvent = Omit<EventData<'project.changed'>, 'project'>;

export interface EditRequest {
  readonly commands: readonly Command[];
  /** The revision that the commands were made for. */
  readonly revision: number;
  readonly label?: string;
  readonly gesture?: string;
  readonly client: string;
}

/**
 * The document of an open project and its undo history. Every change is saved, with the history, in one transaction
 * before it is told; there is nothing to save when the host ends, and nothing to lose when it is killed.
 */
export interface EditSession {
  readonly readonly: boolean;
  readonly revision: number;
  readonly document: ProjectDocument;
  readonly history: HistoryState;
  /**
   * @throws {AppError} storage-failed with `data.reason` "stale-revision"; read-only; what the commands and the
   * document say. Nothing is changed then.
   */
  apply(request: EditRequest): ChangeResult;
  /** Without that gesture open: no change. */
  endGesture(gesture: string, client: string, cancel: boolean): ChangeResult;
  undo(client: string): ChangeResult;
  redo(client: string): ChangeResult;
  /** What `commands` would make of the document. */
  preview(commands: readonly Command[]): ProjectDocument;
  /** A client has gone: its gesture stays as the step that it is. */
  left(client: string): void;
}

/** A gesture is one step however many commands it has: each is joined to the change since its beginning. */
interface Gesture {
  readonly name: string;
  readonly client: string;
  readonly base: EditState;
}

export function createEditSession(
  project: Project,
  tell: (event: ChangeEvent) => void,
  note: (message: string) => void,
): EditSession {
  const { store } = project;
  const isReadonly = store === undefined || store.readonly;
  let state: EditState = { document: project.document, history: EMPTY_HISTORY };
  let revision = store?.document()?.revision ?? 1;
  let gesture: Gesture | undefined;
  if (store !== undefined) state = { ...state, history: historyOf() };

  function historyOf(): History {
    try {
      return readHistory(store!);
    } catch (error) {
      // The document is the truth; the way to it is a comfort.
      note(`The undo history of ${project.file} cannot be read and starts anew: ${(error as Error).message}`);
      if (!isReadonly) store!.clearHistory();
      return EMPTY_HISTORY;
    }
  }

  const shownHistory = (): HistoryState => ({
    undo: state.history.undo.at(-1)?.label ?? null,
    redo: state.history.redo.at(-1)?.label ?? null,
  });

  const requireWritable = (): void => {
    if (!isReadonly) return;
    const why =
      store === undefined
        ? 'a JSON project is for scripts; make an .inbetween project out of it to edit it'
        : 'it is write-protected';
    throw new AppError('read-only', `${project.file} cannot be changed: ${why}.`, {
      data: { file: project.file },
    });
  };

  const requireRevision = (expected: number): void => {
    if (expected === revision) return;
    throw new AppError(
      'storage-failed',
      `The project is at revision ${revision}, the change was made for ${expected}; look at the new document and repeat it.`,
      { data: { reason: 'stale-revision', revision, expected } },
    );
  };

  /** Saves, then tells. Without a difference nothing happens. */
  const become = (
    next: EditState,
    cause: ChangeEvent['cause'],
    client: string,
    label: string | null,
  ): ChangeResult => {
    requireWritable();
    const diff = diffDocuments(state.document, next.document);
    const unchanged = isEmptyDiff(diff);
    if (unchanged && next.history === state.history) {
      return { revision, diff, label: null, history: shownHistory() };
    }
    const from = revision;
    try {
      store!.transact(() => {
        if (!unchanged) {
          revision = store!.saveDocument(JSON.stringify(next.document), { expectedRevision: from }).revision;
        }
        writeHistory(store!, state.history, next.history);
      });
    } catch (error) {
      revision = from;
      if (isStaleRevision(error)) reload();
      throw error;
    }
    state = next;
    tellChange(from, diff, cause, client, label);
    return { revision, diff, label, history: shownHistory() };
  };

  const tellChange = (
    from: number,
    diff: DocumentDiff,
    cause: ChangeEvent['cause'],
    client: string | null,
    label: string | null,
  ): void => tell({ from, revision, diff, label, history: shownHistory(), cause, client });

  /** Another process has saved the document: its version is the one to go on from. */
  const reload = (): void => {
    const stored = store!.document();
    if (stored === undefined) return;
    const from = revision;
    const document = parseDocumentText(stored.json, project.file);
    const diff = diffDocuments(state.document, document);
    gesture = undefined;
    revision = stored.revision;
    state = { document, history: historyOf() };
    tellChange(from, diff, 'reload', null, null);
  };

  const changeBy = (
    base: ProjectDocument,
    commands: readonly Command[],
  ): { document: ProjectDocument; label: string } => {
    let document = base;
    let label = '';
    for (const command of commands) ({ document, label } = applyCommand(document, command));
    return { document, label };
  };

  return {
    readonly: isReadonly,
    get revision() {
      return revision;
    },
    get document() {
      return state.document;
    },
    get history() {
      return shownHistory();
    },
    apply({ commands, revision: expected, label, gesture: name, client }) {
      requireWritable();
      requireRevision(expected);
      const goesOn = gesture !== undefined && gesture.name === name && gesture.client === client;
      const base = goesOn ? gesture!.base : state;
      const made = changeBy(state.document, commands);
      const shown = label ?? made.label;
      const next = record(base, { document: made.document, label: shown });
      const result = become(next, name === undefined ? 'command' : 'gesture', client, shown);
      gesture = name === undefined ? undefined : { name, client, base };
      return result;
    },
    endGesture(name, client, cancel) {
      const open = gesture?.name === name && gesture.client === client ? gesture : undefined;
      if (open === undefined)
        return {
          revision,
          diff: diffDocuments(state.document, state.document),
          label: null,
          history: shownHistory(),
        };
      const result = become(cancel ? open.base : state, 'gesture', client, null);
      gesture = undefined;
      return result;
    },
    undo(client) {
      const label = shownHistory().undo;
      const result = become(undo(state), 'undo', client, label);
      gesture = undefined;
      return result;
    },
    redo(client) {
      const label = shownHistory().redo;
      const result = become(redo(state), 'redo', client, label);
      gesture = undefined;
      return result;
    },
    preview: (commands) => changeBy(state.document, commands).document,
    left(client) {
      if (gesture?.client === client) gesture = undefined;
    },
  };
}
