import type { Migration } from './migration.ts';

/**
 * The first schema. Pictures and tensors of the cache lie in a table of their own: noting a use would otherwise
 * rewrite a row with its whole payload. Positions in `history` count from 1 without gaps; the cursor is the
 * position of the newest step that is in effect, 0 when there is none. The index comes last, as VACUUM would put it:
 * recovery relies on tables lying where a fresh file has them.
 */
export const projectAndCache: Migration = {
  version: 1,
  name: 'project and cache',
  up(database) {
    database.exec(`
      CREATE TABLE document (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        revision INTEGER NOT NULL CHECK (revision > 0),
        json TEXT NOT NULL CHECK (json_valid(json)),
        updated INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE history (
        position INTEGER PRIMARY KEY CHECK (position > 0),
        label TEXT NOT NULL,
        code TEXT NOT NULL,
        diff TEXT NOT NULL CHECK (json_valid(diff)),
        revision INTEGER NOT NULL,
        created INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE history_cursor (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        position INTEGER NOT NULL CHECK (position >= 0)
      ) STRICT;
      INSERT INTO history_cursor (id, position) VALUES (1, 0);

      CREATE TABLE asset (
        sha256 TEXT NOT NULL PRIMARY KEY CHECK (length(sha256) = 64),
        media_type TEXT NOT NULL,
        name TEXT NOT NULL,
        width INTEGER NOT NULL CHECK (width > 0),
        height INTEGER NOT NULL CHECK (height > 0),
        size INTEGER NOT NULL,
        created INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        CHECK (size = length(bytes))
      ) STRICT;

      CREATE TABLE artifact (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        media_type TEXT NOT NULL,
        meta TEXT CHECK (meta IS NULL OR json_valid(meta)),
        size INTEGER NOT NULL CHECK (size >= 0),
        sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
        cost_ms REAL NOT NULL,
        created INTEGER NOT NULL,
        last_used INTEGER NOT NULL,
        UNIQUE (kind, key)
      ) STRICT;

      CREATE TABLE artifact_bytes (
        artifact INTEGER PRIMARY KEY REFERENCES artifact (id) ON DELETE CASCADE,
        bytes BLOB NOT NULL
      ) STRICT;

      CREATE TABLE setting (
        key TEXT NOT NULL PRIMARY KEY,
        value TEXT NOT NULL CHECK (json_valid(value))
      ) STRICT;

      CREATE INDEX artifact_by_use ON artifact (kind, last_used, size);
    `);
  },
};
