import { extname } from 'node:path';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { ExportFormat } from './types.ts';

const BY_ENDING: Readonly<Record<string, ExportFormat>> = {
  '.gif': 'gif',
  '.mp4': 'mp4',
  '.webm': 'webm',
  '.webp': 'webp',
};
export type GridFormat = 'jpeg' | 'png' | 'webp';
const GRID_BY_ENDING: Readonly<Record<string, GridFormat>> = {
  '.jpg': 'jpeg',
  '.jpeg': 'jpeg',
  '.png': 'png',
  '.webp': 'webp',
};

/** The format that a path's ending asks for; a path without an ending is the folder of a PNG sequence. */
export function formatOf(out: string): ExportFormat {
  const ending = extname(out).toLowerCase();
  if (ending === '' || out.endsWith('/') || out.endsWith('\\')) return 'png';
  const format = BY_ENDING[ending];
  if (format !== undefined) return format;
  throw new AppError(
    'invalid-input',
    `${out} ends in ${ending}; a morph is written as ${Object.keys(BY_ENDING).join(', ')}, or as PNG files into a folder (a path without an ending).`,
  );
}

export function gridFormatOf(out: string): GridFormat {
  const ending = extname(out).toLowerCase();
  const format = GRID_BY_ENDING[ending];
  if (format !== undefined) return format;
  throw new AppError(
    'invalid-input',
    `${out} ends in ${ending || 'nothing'}; a grid is written as ${Object.keys(GRID_BY_ENDING).join(', ')}.`,
  );
}
