import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { Connection } from './connection.ts';
import type { Clock, HistoryEntry, HistoryInput, StoredDocument, StoredHistory } from './store-types.ts';

export interface DocumentTable {
  document(): StoredDocument | undefined;
  save(json: string, options: { expectedRevision: number; history?: HistoryInput }): StoredDocument;
  history(): StoredHistory;
  push(entry: HistoryInput): HistoryEntry;
  undo(): HistoryEntry | undefined;
  redo(): HistoryEntry | undefined;
  clearHistory(): void;
}

const ENTRY = 'position, label, code, diff, revision';

/** @param historyLimit the oldest steps are forgotten beyond this number. */
export function createDocumentTable(
  connection: Connection,
  clock: Clock,
  historyLimit: number,
): DocumentTable {
  const { database, file } = connection;
  const select = database.prepare<[], StoredDocument>('SELECT revision, json FROM document');
  const selectRevision = database.prepare<[], number>('SELECT revision FROM document').pluck();
  const upsert = database.prepare(`
    INSERT INTO document (id, revision, json, updated) VALUES (1, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, json = excluded.json, updated = excluded.updated`);
  const selectCursor = database.prepare<[], number>('SELECT position FROM history_cursor').pluck();
  const setCursor = database.prepare<[number]>(
    'INSERT INTO history_cursor (id, position) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET position = excluded.position',
  );
  const selectEntry = database.prepare<[number], HistoryEntry>(
    `SELECT ${ENTRY} FROM history WHERE position = ?`,
  );
  const selectEntries = database.prepare<[], HistoryEntry>(`SELECT ${ENTRY} FROM history ORDER BY position`);
  const insertEntry = database.prepare(
    'INSERT INTO history (position, label, code, diff, revision, created) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const dropRedo = database.prepare<[number]>('DELETE FROM history WHERE position > ?');
  const dropOld = database.prepare<[number]>('DELETE FROM history WHERE position <= ?');
  const dropAll = database.prepare('DELETE FROM history');

  const now = (): number => Math.trunc(clock());
  const cursor = (): number => selectCursor.get() ?? 0;

  const append = ({ label, code = '', diff }: HistoryInput): HistoryEntry => {
    const last = cursor();
    const position = last + 1;
    const revision = selectRevision.get() ?? 0;
    dropRedo.run(last);
    insertEntry.run(position, label, code, diff, revision, now());
    setCursor.run(position);
    dropOld.run(position - historyLimit);
    return { position, label, code, diff, revision };
  };

  return {
    document: () => connection.attempt(() => select.get()),

    save: (json, { expectedRevision, history }) =>
      connection.write(() => {
        const current = selectRevision.get() ?? 0;
        if (current !== expectedRevision) throw staleRevision(file, current, expectedRevision);
        const revision = current + 1;
        upsert.run(revision, json, now());
        if (history !== undefined) append(history);
        return { revision, json };
      }),

    history: () => connection.attempt(() => ({ entries: selectEntries.all(), cursor: cursor() })),

    push: (entry) => connection.write(() => append(entry)),

    undo: () =>
      connection.write(() => {
        const entry = selectEntry.get(cursor());
        if (entry !== undefined) setCursor.run(entry.position - 1);
        return entry;
      }),

    redo: () =>
      connection.write(() => {
        const entry = selectEntry.get(cursor() + 1);
        if (entry !== undefined) setCursor.run(entry.position);
        return entry;
      }),

    clearHistory: () =>
      connection.write(() => {
        dropAll.run();
        setCursor.run(0);
      }),
  };
}

function staleRevision(file: string, revision: number, expected: number): AppError {
  return new AppError(
    'storage-failed',
    `${file} was changed by another window or process: it is at revision ${revision}, the change was made to ${expected}. Load it again and repeat the change.`,
    { data: { file, reason: 'stale-revision', revision, expected } },
  );
}

/** Whether an error says that the document was saved by someone else in the meantime. */
export function isStaleRevision(error: unknown): boolean {
  return error instanceof AppError && error.data.reason === 'stale-revision';
}
