import type { Migration } from './migration.ts';
import { projectAndCache } from './0001-project-and-cache.ts';

/** All migrations, oldest first. */
export const MIGRATIONS: readonly Migration[] = [projectAndCache];

/** The `user_version` that this program writes, and the newest that it reads. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;
