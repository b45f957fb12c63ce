import type { Handlers } from '../../../src-shared/contract/service.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { bestStored } from '../artifact-frames.ts';
import type { Host } from '../host.ts';
import { type FrameRange, gridUnits, rangeOf } from '../project-frames.ts';
import type { RenderSummary } from '../render/render-job.ts';
import { filmRequest, isSheet } from '../write-export.ts';
import type { Downloads } from './downloads.ts';
import { exportChoices } from './export-choices.ts';
import type { Jobs } from './jobs.ts';
import type { MemoryBlobs } from './memory-blobs.ts';
import type { OpenProjects } from './open-projects.ts';
import { renderUnits, timelineUnits } from './render-units.ts';
import { writeProgress } from './write-progress.ts';

type ExportMethod = Extract<keyof Handlers, `export.${string}` | `presets.${string}`>;

export interface ExportWiring {
  readonly host: Host;
  readonly projects: OpenProjects;
  readonly jobs: Jobs;
  readonly blobs: MemoryBlobs;
  readonly clock: () => number;
  readonly note: (message: string, project: string, frame?: number) => void;
  readonly downloads: Downloads;
}

/** What leaves the studio, and the ways it does. */
export function exportHandlers(wiring: ExportWiring): Pick<Handlers, ExportMethod> {
  const { host, projects, jobs, blobs } = wiring;
  return {
    'presets.list': () => host.presets.list(),
    'presets.save': async ({ preset }) => {
      await host.presets.save(preset);
      return { preset };
    },
    'presets.remove': async ({ id }) => {
      await host.presets.remove(id);
      return {};
    },

    'export.start': async (params, { client }) => {
      const open = projects.get(params.project, client);
      const preset = params.preset === undefined ? undefined : await host.presets.get(params.preset);
      const model = await open.model();
      // From here on without a pause: the job is for the document of this moment.
      projects.get(params.project, client);
      const project = open.snapshot();
      const choices = exportChoices(project, params, preset, wiring.downloads.folder);
      // Asked before minutes of rendering, not after.
      if (choices.format !== null) host.requireWriter(choices.format);
      const range = choices.of === 'timeline' ? rangeOf(project.document, choices.range) : null;
      const units = choices.of === 'grid' ? gridUnits(project, model) : undefined;
      const asItIs = choices.of === 'timeline' && params.missing === 'nearest';
      const job = jobs.start(
        { project: open.id, kind: 'export', revision: open.edits.revision, range },
        async (handle) => {
          const planned =
            units ??
            (await timelineUnits(open, model, project.document, range as FrameRange, {
              signal: handle.signal,
            }));
          const summary = asItIs
            ? presentOf(
                bestStored(
                  project.cache,
                  project.document,
                  planned.map(({ spec }) => spec),
                ).filter((spec) => spec !== null).length,
                planned.length,
              )
            : await renderUnits(host, wiring.note, {
                open,
                project,
                model,
                of: choices.of,
                units: planned,
                handle,
              });
          const written = await choices.write(host, project, model, {
            signal: handle.signal,
            onProgress: writeProgress(wiring.clock, (progress) => handle.progress(progress)),
            onNote: (message) => wiring.note(message, open.id),
          });
          const { width, height, bytes, chosen } = written;
          if (choices.isDownload) wiring.downloads.keep(handle.job, choices.out);
          const out = choices.isDownload ? null : choices.out;
          const name = choices.out.split(/[/\\]/).at(-1) as string;
          return { ...summary, output: { out, name, width, height, bytes, chosen: chosen ?? null } };
        },
      );
      return { job };
    },

    'export.estimate': async (params, { client, signal, progress }) => {
      const open = projects.get(params.project, client);
      const preset = params.preset === undefined ? undefined : await host.presets.get(params.preset);
      if (params.of === 'grid' || isSheet(preset)) return { estimate: null, preview: null };
      const model = await open.model();
      const project = open.snapshot();
      const range = rangeOf(project.document, params.range);
      const { format, preset: _id, project: _project, of: _of, ...wishes } = params;
      if (format === 'jpg') {
        throw new AppError('invalid-input', 'A film is no JPEG; accepted are gif, mp4, webm, webp, png.');
      }
      const request = filmRequest(project.document, {
        ...wishes,
        out: `film.${format ?? 'gif'}`,
        format,
        preset,
      });
      const { estimate, preview } = await host.estimateRange(
        project,
        model,
        range,
        { ...request, preview: Math.round((range.from + range.to) / 2) },
        { signal, onProgress: ({ done, total }) => progress(done, total) },
      );
      return {
        estimate,
        preview:
          preview === null ? null : { before: blobs.put(preview.before), after: blobs.put(preview.after) },
      };
    },
  };
}

/** @throws {AppError} invalid-input when no frame is there to look like */
function presentOf(there: number, total: number): RenderSummary {
  if (there > 0) return { total, rendered: 0, cached: there, failed: 0 };
  throw new AppError(
    'invalid-input',
    'No frame of this range is rendered yet, so there is nothing to export as it is.',
  );
}
