import type { FrameSpec } from '../../src-shared/model/frame-spec.ts';
import { planGrid } from '../../src-shared/model/grid.ts';
import { bestStored } from './artifact-frames.ts';
import { estimateSize, previewFrame, type SizeEstimate } from './export/estimate.ts';
import { exportFrames } from './export/export-frames.ts';
import { type ChosenSettings, exportWithin } from './export/fit.ts';
import { nearestFrames, thereWithCrossFades, withCrossFades } from './export/frame-sources.ts';
import { exportGrid, type GridRequest } from './export/grid.ts';
import type { ExportFormat, ExportHooks, ExportRequest, ExportSummary, FrameSource } from './export/types.ts';
import type { HostModel } from './host-models.ts';
import type { Project } from './project.ts';
import { contextOf, type FrameRange, rangeOf, specsOf } from './project-frames.ts';
import type { Sounds } from './sounds.ts';

/** Films, pictures and sheets of frames that are stored. */
export interface HostExports {
  /**
   * For asking before minutes of rendering whether the format can be written here.
   * @throws {AppError} ffmpeg-missing
   */
  requireWriter(format: ExportFormat): void;
  /** Writes frames that `renderRange` has made. */
  exportRange(
    project: Project,
    model: HostModel,
    range: FrameRange | undefined,
    request: Omit<ExportRequest, 'source' | 'ffmpeg' | 'threads'> & {
      /** Frames that are not there are rendered (default), or are drafts, or look like the nearest that is. */
      readonly missing?: 'render' | 'nearest';
    },
    hooks?: ExportHooks,
  ): Promise<ExportSummary & { readonly chosen?: ChosenSettings }>;
  /**
   * What the export would have in bytes, by trial encodes of frames that are there, and how the frame `preview` (of
   * the timeline) comes out; null where none is there. A frame without its final picture is judged by its draft;
   * `drafts` counts those.
   */
  estimateRange(
    project: Project,
    model: HostModel,
    range: FrameRange | undefined,
    request: Omit<ExportRequest, 'source' | 'ffmpeg' | 'threads' | 'out'> & { readonly preview?: number },
    hooks?: Pick<ExportHooks, 'signal' | 'onProgress'>,
  ): Promise<{
    readonly estimate: (SizeEstimate & { readonly drafts: number }) | null;
    readonly preview: { readonly before: Uint8Array; readonly after: Uint8Array } | null;
  }>;
  exportGrid(
    project: Project,
    model: HostModel,
    request: Omit<GridRequest, 'source' | 'rows' | 'columns'>,
    hooks?: ExportHooks,
  ): ReturnType<typeof exportGrid>;
  /** All frames of a range as one sheet. */
  exportContactSheet(
    project: Project,
    model: HostModel,
    range: FrameRange | undefined,
    request: Omit<GridRequest, 'source' | 'rows'> & { readonly missing?: 'render' | 'nearest' },
    hooks?: ExportHooks,
  ): ReturnType<typeof exportGrid>;
}

export interface HostExportsOptions {
  /** The frames of these specs as they are stored; what is missing is rendered. */
  framesOf(project: Project, model: HostModel, specs: readonly FrameSpec[]): FrameSource;
  readonly sounds: Sounds;
  /** @throws {AppError} ffmpeg-missing */
  ffmpeg(): string;
  /** For encoders, as they are set at the moment; 0: they choose. */
  threads(): number;
}

export function createHostExports({ framesOf, sounds, ffmpeg, threads }: HostExportsOptions): HostExports {
  const asTheyAre = (project: Project, model: HostModel, specs: readonly FrameSpec[]) => {
    const best = bestStored(project.cache, project.document, specs);
    const frames = framesOf(
      project,
      model,
      best.map((spec, at) => spec ?? (specs[at] as FrameSpec)),
    );
    return nearestFrames(
      frames,
      best.map((spec) => spec !== null),
    );
  };
  return {
    requireWriter: (format) => {
      if (format !== 'png') ffmpeg();
    },
    exportRange: async (project, model, range, { missing, maxBytes, ...request }, hooks) => {
      const specs = specsOf(project, model, range);
      const source =
        missing === 'nearest' ? asTheyAre(project, model, specs) : framesOf(project, model, specs);
      const path = request.format === 'png' ? '' : ffmpeg();
      return sounds.withTrack(project, filmOf(project, range, request, hooks?.onNote), (track) => {
        const film = withCrossFades(source, request.playback);
        const whole = { ...request, ...track, ...film, ffmpeg: path, threads: threads() };
        return maxBytes === undefined ? exportFrames(whole, hooks) : exportWithin(whole, maxBytes, hooks);
      });
    },
    estimateRange: async (project, model, range, { preview, ...request }, hooks = {}) => {
      const specs = specsOf(project, model, range);
      const best = bestStored(project.cache, project.document, specs);
      const isThere = best.map((spec) => spec !== null);
      const drafts = best.filter((spec, i) => spec !== null && spec !== specs[i]).length;
      const path = request.format === 'png' ? '' : ffmpeg();
      const source = framesOf(
        project,
        model,
        best.map((spec, i) => spec ?? (specs[i] as FrameSpec)),
      );
      const at = Math.max(0, (preview ?? 0) - (range?.from ?? 0));
      const shown = isThere[at] === true ? at : isThere.indexOf(true);
      return sounds.withTrack(project, filmOf(project, range, request), async (track) => {
        const { crossFades = 0 } = request.playback;
        const film = withCrossFades(source, request.playback);
        const areThere = thereWithCrossFades(isThere, crossFades);
        const whole = { ...request, ...track, ...film, ffmpeg: path, threads: threads() };
        const shownAs =
          preview === undefined || shown < 0
            ? null
            : await previewFrame(whole, shown * (crossFades + 1), areThere, hooks.signal);
        const estimate = await estimateSize(whole, areThere, hooks);
        return { preview: shownAs, estimate: estimate === null ? null : { ...estimate, drafts } };
      });
    },
    exportGrid: async (project, model, request, hooks) => {
      const { rows, cols, cells } = planGrid(project.document, contextOf(project, model));
      return exportGrid({ ...request, source: framesOf(project, model, cells), rows, columns: cols }, hooks);
    },
    exportContactSheet: async (project, model, range, { missing, ...request }, hooks) => {
      const specs = specsOf(project, model, range);
      const source =
        missing === 'nearest' ? asTheyAre(project, model, specs) : framesOf(project, model, specs);
      const columns = Math.min(request.columns, source.count);
      return exportGrid({ ...request, source, columns, rows: Math.ceil(source.count / columns) }, hooks);
    },
  };
}

/** What the sound of an export follows. */
function filmOf(
  project: Project,
  range: FrameRange | undefined,
  { format, playback }: Pick<ExportRequest, 'format' | 'playback'>,
  onNote?: (message: string) => void,
): Parameters<Sounds['withTrack']>[1] {
  return { format, fps: playback.fps, firstFrame: rangeOf(project.document, range).from, onNote };
}
