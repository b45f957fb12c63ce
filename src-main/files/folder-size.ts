import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface FolderSize {
  /** Files. */
  readonly count: number;
  readonly bytes: number;
}

/** The files of a folder and of the folders in it; nothing where there is no folder, and what goes meanwhile counts nothing. */
export async function folderSize(
  folder: string,
  isWanted: (name: string) => boolean = () => true,
): Promise<FolderSize> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile() && isWanted(entry.name))
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
  );
  return { count: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}
