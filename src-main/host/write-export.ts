import { frameCount, type ProjectDocument } from '../../src-shared/model/document-types.ts';
import type { ChosenSettings } from './export/fit.ts';
import { formatOf, gridFormatOf } from './export/format-of.ts';
import type { Preset } from './export/presets.ts';
import type { ExportFormat, ExportHooks, ExportRequest, ExportSize, Playback } from './export/types.ts';
import type { Host } from './host.ts';
import type { HostModel } from './host-models.ts';
import type { FrameRange } from './project-frames.ts';
import type { Project } from './project.ts';

/** What the user chose for one export; what is absent comes from the preset, then from the project. */
export interface ExportWishes {
  /** Absolute. */
  readonly out: string;
  /** Absent: by the ending of `out`. */
  readonly format?: ExportFormat | undefined;
  readonly range?: FrameRange | undefined;
  readonly preset?: Preset | undefined;
  readonly playback?: Partial<Playback>;
  readonly size?: ExportSize | undefined;
  readonly quality?: number | undefined;
  readonly dither?: ExportRequest['dither'] | undefined;
  readonly palette?: ExportRequest['palette'] | undefined;
  /** Pixels between the cells of sheets and grids. */
  readonly gap?: number | undefined;
  /** Rows and columns written under the cells of a grid. */
  readonly labels?: boolean | undefined;
  /** The most bytes that a film may have. */
  readonly maxBytes?: number | undefined;
  /** Frames that are missing are rendered (default), or are drafts, or look like their nearest neighbour. */
  readonly missing?: 'render' | 'nearest' | undefined;
}

export interface Written {
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  /** What a film was written with, where a limit of its bytes had to choose. */
  readonly chosen?: ChosenSettings;
}

const SHEET_GROUND = '#17171b';

/** Whether the preset makes one sheet of the timeline instead of an animation. */
export function isSheet(preset: Preset | undefined): boolean {
  return preset?.sheet !== undefined;
}

/** The timeline as an animation, or as a contact sheet where the preset says so. Its frames must have been rendered. */
export function writeTimeline(
  host: Host,
  project: Project,
  model: HostModel,
  wishes: ExportWishes,
  hooks: ExportHooks,
): Promise<Written> {
  const { document } = project;
  const { out, range, preset } = wishes;
  if (preset?.sheet !== undefined) {
    const { sheet, quality = 90 } = preset;
    const own = {
      ...sheet,
      out,
      gap: wishes.gap ?? sheet.gap,
      width: wishes.size?.width ?? sheet.width,
      quality: wishes.quality ?? quality,
      range,
      missing: wishes.missing,
    };
    return writeSheet(host, project, model, own, hooks);
  }
  const maxBytes = wishes.maxBytes ?? preset?.maxBytes;
  return host.exportRange(
    project,
    model,
    range,
    {
      out,
      ...filmRequest(document, wishes),
      ...(maxBytes === undefined ? {} : { maxBytes }),
      ...(wishes.missing === undefined ? {} : { missing: wishes.missing }),
    },
    hooks,
  );
}

export type FilmRequest = Pick<
  ExportRequest,
  'format' | 'playback' | 'quality' | 'dither' | 'palette' | 'size' | 'document'
>;

/** What an animation is written with: the user's choices, then the preset's, then the project's. */
export function filmRequest(document: ProjectDocument, wishes: ExportWishes): FilmRequest {
  const { preset } = wishes;
  const format = wishes.format ?? formatOf(wishes.out);
  const size = wishes.size ?? preset?.size;
  return {
    format,
    playback: {
      fps: document.fps,
      loop: document.export?.loop ?? 0,
      pingPong: false,
      holdFirst: 0,
      holdLast: 0,
      ...preset?.playback,
      ...wishes.playback,
    },
    quality: wishes.quality ?? preset?.quality ?? (format === 'webp' ? 80 : 85),
    dither: wishes.dither ?? preset?.dither ?? 'bayer',
    palette: wishes.palette ?? preset?.palette ?? 'global',
    document: JSON.stringify(document),
    ...(size === undefined ? {} : { size }),
  };
}

/** The project's grid as one picture. Its cells must have been rendered. */
export function writeGrid(
  host: Host,
  project: Project,
  model: HostModel,
  wishes: Pick<ExportWishes, 'out' | 'gap' | 'labels' | 'quality'> & { readonly width?: number | undefined },
  hooks: ExportHooks,
): Promise<Written> {
  const { rows = 0, cols = 0 } = project.document.grid ?? {};
  const names = Array.from(
    { length: rows * cols },
    (_, i) => `${Math.floor(i / cols) + 1} / ${(i % cols) + 1}`,
  );
  return host.exportGrid(
    project,
    model,
    {
      out: wishes.out,
      format: gridFormatOf(wishes.out),
      gap: wishes.gap ?? 0,
      background: SHEET_GROUND,
      quality: wishes.quality ?? 92,
      document: JSON.stringify(project.document),
      ...(wishes.labels ? { labels: names } : {}),
      ...(wishes.width === undefined ? {} : { width: wishes.width }),
    },
    hooks,
  );
}

/** Frames of the timeline as one picture, `columns` to a row, numbered where labels are wanted. They must have been rendered. */
export function writeSheet(
  host: Host,
  project: Project,
  model: HostModel,
  wishes: Pick<ExportWishes, 'out' | 'gap' | 'labels' | 'quality' | 'range' | 'missing'> & {
    readonly columns: number;
    readonly width?: number | undefined;
  },
  hooks: ExportHooks,
): Promise<Written> {
  const { out, columns, range, width } = wishes;
  const first = range?.from ?? 0;
  const last = range?.to ?? frameCount(project.document) - 1;
  const numbers = Array.from({ length: last - first + 1 }, (_, i) => String(first + i));
  return host.exportContactSheet(
    project,
    model,
    range,
    {
      out,
      format: gridFormatOf(out),
      columns,
      gap: wishes.gap ?? 0,
      background: SHEET_GROUND,
      quality: wishes.quality ?? 92,
      document: JSON.stringify(project.document),
      ...(width === undefined ? {} : { width }),
      ...(wishes.labels ? { labels: numbers } : {}),
      ...(wishes.missing === undefined ? {} : { missing: wishes.missing }),
    },
    hooks,
  );
}
