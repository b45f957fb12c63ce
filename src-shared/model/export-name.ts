import { AppError } from '../kernel/errors.ts';
import { fileName } from './file-name.ts';

/** What the name of an export may be made of, and an example of each. */
export const NAME_FIELDS = {
  project: 'Red cat',
  preset: 'loop',
  format: 'gif',
  size: '512x512',
  fps: '12',
  frames: '49',
  range: '0-48',
  date: '2026-12-31',
  time: '18-05-09',
} as const;
export type NameField = keyof typeof NAME_FIELDS;

export const DEFAULT_NAME_PATTERN = '{project}';

/** What is exported. */
export interface NamedExport {
  readonly project: string;
  /** Id of the preset; `as-it-is` stands for none. */
  readonly preset?: string | undefined;
  /** As the file's ending says it; `png` for a sequence. */
  readonly format: string;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** First and last frame. */
  readonly range: { readonly from: number; readonly to: number };
}

/** What is wrong with a pattern; '' when nothing is. */
export function namePatternProblem(pattern: string): string {
  const accepted = Object.keys(NAME_FIELDS)
    .map((field) => `{${field}}`)
    .join(' ');
  for (const [, field = ''] of pattern.matchAll(/\{([^{}]*)\}/g)) {
    if (!Object.hasOwn(NAME_FIELDS, field))
      return `{${field}} is nothing that names of exports know; accepted are ${accepted}.`;
  }
  if (/[{}]/.test(pattern.replace(/\{[^{}]*\}/g, '')))
    return `A brace in ${JSON.stringify(pattern)} has no partner; accepted are ${accepted}.`;
  return '';
}

/**
 * The name of an export, without its ending, as every system takes it. An empty pattern gives the project's name.
 * @param now local time of whoever exports
 * @throws {AppError} invalid-input naming the field that is not known, and those that are
 */
export function exportName(pattern: string, named: NamedExport, now: Date): string {
  const problem = namePatternProblem(pattern);
  if (problem !== '') throw new AppError('invalid-input', problem);
  const two = (value: number): string => String(value).padStart(2, '0');
  const { width, height, range } = named;
  const values: Readonly<Record<NameField, string>> = {
    project: fileName(named.project),
    preset: named.preset ?? 'as-it-is',
    format: named.format,
    size: `${width}x${height}`,
    fps: String(named.fps),
    frames: String(range.to - range.from + 1),
    range: `${range.from}-${range.to}`,
    date: `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`,
    time: `${two(now.getHours())}-${two(now.getMinutes())}-${two(now.getSeconds())}`,
  };
  const name = pattern.replace(/\{(\w+)\}/g, (_whole, field: NameField) => values[field]);
  return name.trim() === '' ? values.project : fileName(name);
}
