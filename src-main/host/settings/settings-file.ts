import { existsSync, readFileSync, renameSync } from 'node:fs';
import { z } from 'zod';
import { DEFAULT_SETTINGS, type HostSettings, settingsShape } from '../../../src-shared/contract/settings.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { fileFailureOf } from '../../files/file-failure.ts';
import { writeWholeFileSync } from '../../files/whole-file.ts';

const VERSION = 1;

export interface SettingsFile {
  readonly path: string;
  readonly value: HostSettings;
  /** Why the file could not be used; defaults are in effect then. Null when all is well. */
  readonly problem: string | null;
  /**
   * Keeps these choices and those that were made before.
   * @throws {AppError} project-newer for a file of a newer version, which is left as it is; invalid-input;
   * read-only, disk-full, storage-failed
   */
  set(patch: Partial<HostSettings>): void;
}

/** What is missing has its default, so that a file of an older build is read as it is. */
const fileSchema = z.strictObject({
  version: z.literal(VERSION),
  ...Object.fromEntries(
    Object.entries(settingsShape).map(([name, schema]) => [name, schema.exactOptional()]),
  ),
});

/**
 * The host's settings. A file that cannot be understood never stops the studio: defaults are used, the problem is
 * told, and the file is moved aside when new settings are kept. One of a newer version stays untouched.
 */
export function openSettings(path: string): SettingsFile {
  let isNewer = false;
  let problem: string | null = null;
  let value = DEFAULT_SETTINGS;
  const read = readSettings(path);
  if (read !== undefined) {
    if ('problem' in read) ({ problem, isNewer } = read);
    else value = { ...DEFAULT_SETTINGS, ...read };
  }
  return {
    path,
    get value() {
      return value;
    },
    get problem() {
      return problem;
    },
    set(patch) {
      if (isNewer) throw new AppError('project-newer', problem as string);
      const next = { ...value, ...patch };
      if (problem !== null) moveAside(path);
      write(path, next);
      value = next;
      problem = null;
    },
  };
}

function readSettings(
  path: string,
): Partial<HostSettings> | { readonly problem: string; readonly isNewer: boolean } | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    return { problem: `The settings ${path} cannot be read: ${(error as Error).message}`, isNewer: false };
  }
  try {
    const json: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    const { version } = (json ?? {}) as { version?: unknown };
    if (typeof version === 'number' && version > VERSION) {
      const problem = `The settings ${path} belong to a newer Inbetween (version ${version}; this one reads ${VERSION}). They are left as they are, and defaults are used.`;
      return { problem, isNewer: true };
    }
    const { version: _version, ...settings } = fileSchema.parse(json);
    return settings as Partial<HostSettings>;
  } catch (error) {
    const what = error instanceof z.ZodError ? z.prettifyError(error).replace(/^✖ /gm, '') : String(error);
    const problem = `The settings ${path} cannot be understood, so defaults are used: ${what.replace(/\s*\n\s*/g, ' ')}`;
    return { problem, isNewer: false };
  }
}

function moveAside(path: string): void {
  if (!existsSync(path)) return;
  let number = 1;
  while (existsSync(`${path}.damaged-${number}`)) number += 1;
  renameSync(path, `${path}.damaged-${number}`);
}

/** The old file or the whole new one. */
function write(path: string, value: HostSettings): void {
  try {
    writeWholeFileSync(path, `${JSON.stringify({ version: VERSION, ...value }, null, 2)}\n`);
  } catch (error) {
    const failure = fileFailureOf(error);
    const kind = failure === undefined || failure === 'in-use' ? 'storage-failed' : failure;
    const message = `The settings ${path} could not be kept: ${(error as Error).message}`;
    throw new AppError(kind, message, { cause: error });
  }
}
