import { hash } from 'node:crypto';
import Database from 'better-sqlite3';
import type { Connection } from './connection.ts';
import { isWholePng } from './png-signature.ts';
import type { Problem } from './store-types.ts';

const MAX_STRUCTURE_PROBLEMS = 20;

interface StoredBytes {
  readonly kind: string;
  readonly key: string;
  readonly media_type: string;
  readonly size: number;
  readonly sha256: string;
  readonly bytes: Buffer;
}

/** Reads the whole file, one row's bytes at a time, and changes nothing. An empty list means that it is sound. */
export function verifyContents(connection: Connection): Problem[] {
  const { database } = connection;
  const problems: Problem[] = [];
  const report = (code: Problem['code'], message: string): void => {
    problems.push({ code, message });
  };
  /** Damage met while reading one part must not hide what the other parts have to say. */
  const check = (part: string, work: () => void): void => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof Database.SqliteError)) throw error;
      report('unreadable', `${part} cannot be read to the end: ${error.message} (${error.code})`);
    }
  };

  check('the structure', () => {
    const messages = database.pragma(`integrity_check(${MAX_STRUCTURE_PROBLEMS})`) as {
      integrity_check: string;
    }[];
    for (const { integrity_check: message } of messages) if (message !== 'ok') report('structure', message);
  });

  check('the document', () => {
    const documents = database.prepare<[], { revision: number; json: string }>(
      'SELECT revision, json FROM document',
    );
    for (const { revision, json } of documents.all()) {
      if (!isJson(json)) report('document', `the document (revision ${revision}) is not valid JSON`);
    }
  });

  check('the undo history', () => {
    const cursor = database.prepare<[], number>('SELECT position FROM history_cursor').pluck().get();
    const rows = database.prepare<[], { position: number; diff: string }>(
      'SELECT position, diff FROM history ORDER BY position',
    );
    let first: number | undefined;
    let last: number | undefined;
    for (const { position, diff } of rows.iterate()) {
      if (last !== undefined && position !== last + 1) report('history', `undo step ${last + 1} is missing`);
      if (!isJson(diff)) report('history', `undo step ${position} is not valid JSON`);
      first ??= position;
      last = position;
    }
    if (cursor === undefined) report('history', 'the position in the undo history is missing');
    else if (cursor > (last ?? cursor) || (first !== undefined && cursor < first - 1)) {
      report(
        'history',
        `the position in the undo history (${cursor}) lies outside its steps ${first} to ${last}`,
      );
    }
  });

  check('the pictures', () => {
    const rows = database.prepare<[], StoredBytes>(
      "SELECT 'asset' AS kind, name AS key, media_type, size, sha256, bytes FROM asset",
    );
    for (const row of rows.iterate()) {
      if (row.bytes.byteLength !== row.size || hash('sha256', row.bytes) !== row.sha256) {
        report('asset', `the picture ${row.key} is not what was imported`);
      }
    }
  });

  check('the cache', () => {
    const rows = database.prepare<[], StoredBytes>(`
      SELECT kind, key, media_type, size, sha256, bytes FROM artifact_bytes JOIN artifact ON id = artifact`);
    for (const row of rows.iterate()) {
      const name = `${row.kind} ${row.key}`;
      if (row.bytes.byteLength !== row.size) {
        report('artifact-size', `${name} has ${row.bytes.byteLength} bytes, not ${row.size}`);
      } else if (hash('sha256', row.bytes) !== row.sha256) {
        report('artifact-content', `${name} is not what was stored`);
      }
      if (row.media_type === 'image/png' && !isWholePng(row.bytes)) {
        report('artifact-picture', `${name} is not a whole PNG picture`);
      }
    }
  });

  check('the links of the cache', () => {
    const bare = database.prepare<[], string>(`
      SELECT kind || ' ' || key FROM artifact
      WHERE NOT EXISTS (SELECT 1 FROM artifact_bytes WHERE artifact = id)`);
    for (const name of bare.pluck().iterate()) report('orphan', `${name} has no content`);
    const lost = database.prepare<[], number>(`
      SELECT artifact FROM artifact_bytes WHERE NOT EXISTS (SELECT 1 FROM artifact WHERE id = artifact)`);
    for (const id of lost.pluck().iterate())
      report('orphan', `content ${id} of the cache belongs to nothing`);
  });

  return problems;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
