import { readdir, stat } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import type { Result } from '../../../src-shared/contract/methods.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';

type Listing = Result<'files.list'>;
type Entry = Listing['entries'][number];

const KINDS: Readonly<Record<string, Entry['kind']>> = {
  '.inbetween': 'project',
  '.json': 'project',
  '.png': 'picture',
  '.jpg': 'picture',
  '.jpeg': 'picture',
  '.webp': 'picture',
  '.gif': 'export',
  '.mp4': 'export',
  '.webm': 'export',
};

/** A folder as a file dialog of a distant window shows it: folders first, then what the studio can open. */
export async function listFolder(path: string): Promise<Listing> {
  const folder = resolve(path);
  const found = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    const code = error.code === 'ENOENT' || error.code === 'ENOTDIR' ? 'not-found' : 'invalid-input';
    throw new AppError(code, `The folder ${folder} cannot be read: ${error.message}`, { cause: error });
  });
  const entries = await Promise.all(
    found.filter(({ name }) => !name.startsWith('.')).map(({ name }) => describe(folder, name)),
  );
  const parent = dirname(folder);
  return {
    folder,
    parent: parent === folder ? null : parent,
    entries: entries
      .filter((entry) => entry !== undefined)
      .sort((a, b) => Number(isFolder(b)) - Number(isFolder(a)) || a.name.localeCompare(b.name)),
  };
}

async function describe(folder: string, name: string): Promise<Entry | undefined> {
  try {
    const path = join(folder, name);
    const info = await stat(path);
    if (info.isDirectory()) {
      const isModel = await stat(join(path, 'model_index.json')).then(
        () => true,
        () => false,
      );
      return { name, kind: isModel ? 'model' : 'folder', size: 0, modified: info.mtimeMs };
    }
    const kind = KINDS[extname(name).toLowerCase()];
    return kind === undefined ? undefined : { name, kind, size: info.size, modified: info.mtimeMs };
  } catch {
    // A link to nowhere, or gone since the folder was read.
    return undefined;
  }
}

function isFolder({ kind }: Entry): boolean {
  return kind === 'folder' || kind === 'model';
}
