import type { Database } from 'better-sqlite3';

/**
 * One step of the schema. A released migration is never edited: its successor changes what it made, and brings a
 * fixture file of the version before it (see `fixtures/make-fixture.ts`).
 */
export interface Migration {
  /** The `user_version` that the file has afterwards; counts up by one. */
  readonly version: number;
  readonly name: string;
  /** Runs inside a transaction with foreign keys off; they are checked before the commit. */
  up(database: Database): void;
}
