import { dirname, extname, join, resolve } from 'node:path';
import type { CheckedParams } from '../../../src-shared/contract/methods.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { freePath } from '../export/free-path.ts';
import { formatOf, gridFormatOf } from '../export/format-of.ts';
import type { Preset } from '../export/presets.ts';
import type { ExportFormat, ExportHooks } from '../export/types.ts';
import type { Host } from '../host.ts';
import type { HostModel } from '../host-models.ts';
import type { FrameRange } from '../project-frames.ts';
import type { Project } from '../project.ts';
import { fileName } from '../../../src-shared/model/file-name.ts';
import { isSheet, writeGrid, writeTimeline, type Written } from '../write-export.ts';

export type ExportParams = CheckedParams<'export.start'>;

/** What an export writes, decided before minutes of rendering. */
export interface ExportChoices {
  readonly of: 'timeline' | 'grid';
  /** Of a film; null for grids and contact sheets. */
  readonly format: ExportFormat | null;
  readonly range: FrameRange | undefined;
  readonly out: string;
  /** The file is kept for fetching. */
  readonly isDownload: boolean;
  write(host: Host, project: Project, model: HostModel, hooks: ExportHooks): Promise<Written>;
}

/**
 * @param downloads makes the folder for files without a place of their own
 * @throws {AppError} invalid-input for endings, formats and presets that do not go together
 */
export function exportChoices(
  project: Project,
  params: ExportParams,
  preset: Preset | undefined,
  downloads: () => string,
): ExportChoices {
  const of = params.of ?? 'timeline';
  const isPicture = of === 'grid' || isSheet(preset);
  const isDownload = params.out === undefined;
  const name = params.name ?? project.document.name;
  const wanted = isDownload
    ? join(downloads(), `${fileName(name)}.${downloadFormat(params, preset, isPicture)}`)
    : resolve(dirname(project.file), params.out as string);
  if (isPicture) gridFormatOf(wanted);
  const format = isPicture ? null : formatOf(wanted);
  const out = params.ifExists === 'number' ? freePath(wanted) : wanted;
  return {
    of,
    format,
    range: params.range,
    out,
    isDownload,
    write: (host, snapshot, model, hooks) => {
      const { range, playback, size, quality, dither, palette, gap, labels, maxBytes, missing } = params;
      if (of === 'grid') {
        return writeGrid(host, snapshot, model, { out, gap, labels, quality, width: size?.width }, hooks);
      }
      const wishes = {
        out,
        range,
        preset,
        size,
        quality,
        dither,
        palette,
        gap,
        maxBytes,
        missing,
        ...(playback ? { playback } : {}),
      };
      return writeTimeline(host, snapshot, model, wishes, hooks);
    },
  };
}

function downloadFormat(params: ExportParams, preset: Preset | undefined, isPicture: boolean): string {
  const presets = preset?.format === 'grid' ? 'jpg' : preset?.format;
  const format = params.format ?? presets ?? (isPicture ? 'jpg' : 'gif');
  const accepted = isPicture ? ['jpg', 'png', 'webp'] : ['gif', 'mp4', 'webm', 'webp'];
  if (accepted.includes(format)) return format;
  throw new AppError(
    'invalid-input',
    `The format ${format} cannot be fetched as one file; accepted are ${accepted.join(', ')}, or a path on the host ("out").`,
  );
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.gif': 'image/gif',
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
  '.webp': 'image/webp',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
};

export function exportMediaType(file: string): string {
  return MEDIA_TYPES[extname(file).toLowerCase()] ?? 'application/octet-stream';
}
