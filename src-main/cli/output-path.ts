import { basename, dirname, extname, join } from 'node:path';
import { AppError } from '../../src-shared/kernel/errors.ts';
import {
  DEFAULT_NAME_PATTERN,
  exportName,
  NAME_FIELDS,
  type NamedExport,
  namePatternProblem,
} from '../../src-shared/model/export-name.ts';
import { freePath } from '../host/export/free-path.ts';
import type { Preset } from '../host/export/presets.ts';

/** For the help of options. */
export const FIELDS = Object.keys(NAME_FIELDS)
  .map((field) => `{${field}}`)
  .join(' ');

/** Where an output goes, before it is known what is exported. */
export interface OutputPattern {
  /** A path whose last part may hold fields; its ending is the format's. */
  readonly pattern: string;
  /** The path without its fields, relative as it was given. One that nobody named replaces no file. */
  path(named: Omit<NamedExport, 'format' | 'preset'>, now: Date): string;
}

/**
 * @param out what the user gave; without it the preset's name, or the project's, in the folder of now
 * @throws {AppError} invalid-input for fields that names do not know
 */
export function outputPattern(out: string | undefined, preset?: Preset): OutputPattern {
  const pattern = out ?? `${preset?.name ?? DEFAULT_NAME_PATTERN}${endingOf(preset)}`;
  const last = basename(pattern);
  const problem = namePatternProblem(last);
  if (problem !== '') throw new AppError('invalid-input', problem);
  const ending = extname(last);
  return {
    pattern,
    path(named, now) {
      if (!last.includes('{')) return out === undefined ? freePath(pattern) : pattern;
      const format = ending === '' ? 'png' : ending.slice(1);
      const stem = last.slice(0, last.length - ending.length);
      const name = exportName(stem, { ...named, format, preset: preset?.id }, now);
      const path = join(dirname(pattern), `${name}${ending}`);
      return out === undefined ? freePath(path) : path;
    },
  };
}

/** A sequence of PNG files is a folder, which has no ending. */
function endingOf(preset: Preset | undefined): string {
  if (preset?.format === 'png') return '';
  return preset?.format === 'grid' ? '.jpg' : `.${preset?.format ?? 'gif'}`;
}
