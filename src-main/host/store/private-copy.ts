import Database from 'better-sqlite3';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Opens a copy in the system's folder for temporary files, with what is still in its log. For files on
 * write-protected media that SQLite cannot read where they are.
 */
export function openPrivateCopy(file: string): { database: Database.Database; release: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'inbetween-read-'));
  const release = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const copy = join(folder, 'copy');
    copyFileSync(file, copy);
    if (existsSync(`${file}-wal`)) copyFileSync(`${file}-wal`, `${copy}-wal`);
    return { database: new Database(copy), release };
  } catch (error) {
    release();
    throw error;
  }
}
