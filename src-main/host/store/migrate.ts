import type { Database } from 'better-sqlite3';
import type { Migration } from './migrations/migration.ts';
import { APPLICATION_ID } from './file-header.ts';
import { MIGRATIONS } from './migrations/index.ts';

/**
 * Brings an empty or older file to the newest version (or to `target`), one transaction per migration: a process
 * that dies in between leaves a file of a version that exists. The version is read again inside the transaction,
 * since another process may have been faster.
 */
export function migrate(database: Database, target: number = MIGRATIONS.length): void {
  MIGRATIONS.forEach((migration, index) => {
    if (migration.version !== index + 1) throw new Error(`migration ${migration.name} is out of order`);
  });
  const apply = database.transaction((migration: Migration) => {
    if (versionOf(database) >= migration.version) return;
    migration.up(database);
    const broken = database.pragma('foreign_key_check') as unknown[];
    if (broken.length > 0) {
      throw new Error(`migration ${migration.name} left ${broken.length} rows without what they refer to`);
    }
    database.pragma(`application_id = ${APPLICATION_ID}`);
    database.pragma(`user_version = ${migration.version}`);
  });
  database.pragma('foreign_keys = OFF');
  for (const migration of MIGRATIONS) {
    if (migration.version <= target && versionOf(database) < migration.version) apply.immediate(migration);
  }
  database.pragma('foreign_keys = ON');
}

function versionOf(database: Database): number {
  return database.pragma('user_version', { simple: true }) as number;
}
