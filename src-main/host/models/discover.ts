import { readdir, readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { parsePythonJson } from '../../../src-shared/kernel/python-json.ts';
import { isClipClass } from '../../engine/clip/description.ts';
import { CARD_FILE } from './model-files.ts';

/** A folder whose subfolders are models. */
export interface ModelRoot {
  readonly origin: 'embedded' | 'user';
  readonly folder: string;
}

export interface InstalledModel {
  /** Name of its folder: what `--model` and documents say. */
  readonly name: string;
  readonly origin: ModelRoot['origin'];
  /** Absolute path. */
  readonly folder: string;
  /** From its inbetween.json. */
  readonly title: string | null;
  readonly kind: ModelKind;
}

/** `pictures`: makes them; `clip`: compares them with words. */
export type ModelKind = 'pictures' | 'clip';

export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/**
 * Where the user's models are installed: `$XDG_DATA_HOME/inbetween/models` on Linux (XDG Base Directory 0.8: a
 * relative path is ignored), its equivalents elsewhere.
 */
export function userModelsFolder({ platform, env, home }: Surroundings): string {
  const given = (name: string): string | undefined => {
    const value = env[name];
    return value !== undefined && isAbsolute(value) ? value : undefined;
  };
  const data =
    platform === 'win32'
      ? (given('APPDATA') ?? join(home, 'AppData', 'Roaming'))
      : (given('XDG_DATA_HOME') ??
        (platform === 'darwin'
          ? join(home, 'Library', 'Application Support')
          : join(home, '.local', 'share')));
  return join(data, 'inbetween', 'models');
}

/** All models of the roots, by name; where two have one name the earlier root's is taken. */
export async function discoverModels(roots: readonly ModelRoot[]): Promise<InstalledModel[]> {
  const found = new Map<string, InstalledModel>();
  for (const root of roots) {
    for (const name of await namesIn(root.folder)) {
      if (found.has(name) || name.startsWith('.')) continue;
      const folder = join(root.folder, name);
      const kind = await kindOf(folder);
      if (kind === null) continue;
      found.set(name, { name, origin: root.origin, folder, title: await titleOf(folder), kind });
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return [];
    throw new AppError('storage-failed', `The models folder ${folder} cannot be read (${code}).`, { cause });
  }
}

/** Null where the folder is no model. */
async function kindOf(folder: string): Promise<ModelKind | null> {
  const index = await readFile(join(folder, 'model_index.json'), 'utf8').catch(() => null);
  if (index === null) return null;
  try {
    const { _class_name: className } = parsePythonJson(index) as { _class_name?: unknown };
    return isClipClass(className) ? 'clip' : 'pictures';
  } catch {
    // For the model check to say.
    return 'pictures';
  }
}

async function titleOf(folder: string): Promise<string | null> {
  try {
    const card = JSON.parse(await readFile(join(folder, CARD_FILE), 'utf8')) as { title?: unknown } | null;
    return typeof card?.title === 'string' && card.title !== '' ? card.title : null;
  } catch {
    return null;
  }
}
