import { dirname, extname, join, resolve } from 'node:path';
import type { CheckedParams } from '../../../src-shared/contract/methods.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { frameCount } from '../../../src-shared/model/document-types.ts';
import { formatOf, gridFormatOf } from '../export/format-of.ts';
import { type Preset, presetById } from '../export/presets.ts';
import type { ExportHooks } from '../export/types.ts';
import type { FrameRange, Host, HostModel } from '../host.ts';
import type { Project } from '../project.ts';

export type ExportParams = CheckedParams<'export.start'>;

/** What an export writes, decided before minutes of rendering. */
export interface ExportChoices {
  readonly of: 'timeline' | 'grid';
  readonly range: FrameRange | undefined;
  readonly out: string;
  /** The file is kept for fetching. */
  readonly isDownload: boolean;
  write(
    host: Host,
    project: Project,
    model: HostModel,
    hooks: ExportHooks,
  ): Promise<{ readonly width: number; readonly height: number; readonly bytes: number }>;
}

const SHEET_GROUND = '#17171b';

/**
 * @param downloads makes the folder for files without a place of their own
 * @throws {AppError} invalid-input for endings, formats and presets that do not go together
 */
export function exportChoices(
  project: Project,
  params: ExportParams,
  downloads: () => string,
): ExportChoices {
  const preset = params.preset === undefined ? undefined : presetById(params.preset);
  const of = params.of ?? 'timeline';
  const isSheet = of === 'timeline' && preset?.sheet !== undefined;
  const isPicture = of === 'grid' || isSheet;
  const isDownload = params.out === undefined;
  const out = isDownload
    ? join(downloads(), `${fileName(project.document.name)}.${downloadFormat(params, preset, isPicture)}`)
    : resolve(dirname(project.file), params.out as string);
  if (isPicture) gridFormatOf(out);
  else formatOf(out);
  return {
    of,
    range: params.range,
    out,
    isDownload,
    write: (host, snapshot, model, hooks) => {
      if (of === 'grid') return writeGrid(host, snapshot, model, out, params, hooks);
      if (isSheet) return writeSheet(host, snapshot, model, out, params, preset as Preset, hooks);
      return writeFrames(host, snapshot, model, out, params, preset, hooks);
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

function writeFrames(
  host: Host,
  project: Project,
  model: HostModel,
  out: string,
  params: ExportParams,
  preset: Preset | undefined,
  hooks: ExportHooks,
) {
  const { document } = project;
  const format = formatOf(out);
  const size = params.size ?? preset?.size;
  return host.exportRange(
    project,
    model,
    params.range,
    {
      out,
      format,
      playback: {
        fps: document.fps,
        loop: document.export?.loop ?? 0,
        pingPong: false,
        holdFirst: 0,
        holdLast: 0,
        ...preset?.playback,
        ...params.playback,
      },
      quality: params.quality ?? preset?.quality ?? (format === 'webp' ? 80 : 85),
      dither: params.dither ?? preset?.dither ?? 'bayer',
      palette: params.palette ?? preset?.palette ?? 'global',
      document: JSON.stringify(document),
      ...(size === undefined ? {} : { size }),
    },
    hooks,
  );
}

function writeSheet(
  host: Host,
  project: Project,
  model: HostModel,
  out: string,
  params: ExportParams,
  preset: Preset,
  hooks: ExportHooks,
) {
  const { columns, gap, labels, width } = preset.sheet as NonNullable<Preset['sheet']>;
  const first = params.range?.from ?? 0;
  const last = params.range?.to ?? frameCount(project.document) - 1;
  return host.exportContactSheet(
    project,
    model,
    params.range,
    {
      out,
      format: gridFormatOf(out),
      columns,
      gap: params.gap ?? gap,
      background: SHEET_GROUND,
      width: params.size?.width ?? width,
      quality: params.quality ?? preset.quality ?? 90,
      document: JSON.stringify(project.document),
      ...(labels ? { labels: Array.from({ length: last - first + 1 }, (_, i) => String(first + i)) } : {}),
    },
    hooks,
  );
}

function writeGrid(
  host: Host,
  project: Project,
  model: HostModel,
  out: string,
  params: ExportParams,
  hooks: ExportHooks,
) {
  return host.exportGrid(
    project,
    model,
    {
      out,
      format: gridFormatOf(out),
      gap: params.gap ?? 0,
      background: SHEET_GROUND,
      quality: params.quality ?? 92,
      document: JSON.stringify(project.document),
      ...(params.size === undefined ? {} : { width: params.size.width }),
    },
    hooks,
  );
}

/** A project's name as the name of a file, everywhere. */
function fileName(name: string): string {
  const plain = name
    .replace(/[\p{Cc}<>:"/\\|?*.]+/gu, ' ')
    .trim()
    .slice(0, 80);
  return plain === '' ? 'Inbetween' : plain;
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
