import { extname, resolve } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '../../src-shared/kernel/errors.ts';
import { frameCount } from '../../src-shared/model/document-types.ts';
import { formatOf, gridFormatOf } from '../host/export/format-of.ts';
import { checkOutput } from '../host/export/output-file.ts';
import { PRESETS, type Preset, presetById } from '../host/export/presets.ts';
import type { Playback } from '../host/export/types.ts';
import type { Host, HostModel } from '../host/host.ts';
import type { Project } from '../host/project.ts';
import type { CliContext } from './context.ts';
import { duration, fileSize } from './progress.ts';
import { createReporter, type Reporter } from './reporter.ts';
import { engineOptions, type EngineFlags, loadModel } from './shared-options.ts';
import { frameRange, integer, number, pixelSize } from './values.ts';

interface RenderFlags extends EngineFlags {
  readonly out: string;
  readonly preset?: string;
  readonly frames?: { from: number; to: number };
  readonly model?: string;
  readonly json?: boolean;
  readonly loop?: number;
  readonly pingPong?: boolean;
  readonly hold?: number;
  readonly quality?: number;
  readonly size?: { width: number; height: number };
}

export function addRenderCommand(program: Command, context: CliContext): void {
  const command = program
    .command('render')
    .argument('<project>', 'a .inbetween or .json project')
    .description('Render a project and write the morph; only frames that are not there yet are computed.')
    .requiredOption(
      '--out <path>',
      'ends in .gif .mp4 .webm .webp; a path without an ending becomes a folder of PNG files',
    )
    .option('--preset <name>', `how to export: ${PRESETS.map(({ id }) => id).join(', ')}`)
    .option('--frames <A-B>', 'only these frames, counted from 0, both included', frameRange)
    .option('--model <ref>', "instead of the project's model: an installed name or a folder")
    .option('--loop <n>', 'times a GIF or WebP plays; 0 = for ever', integer(0, 65535))
    .option('--ping-pong', 'forth and back')
    .option('--hold <seconds>', 'the first and last frame stand still', number(0, 600))
    .option('--quality <n>', '1 (small) to 100 (best)', integer(1, 100))
    .option('--size <WxH>', 'scale the frames for this export', pixelSize)
    .option('--json', 'one JSON event a line on standard output');
  engineOptions(command).action((project: string, flags: RenderFlags) => render(context, project, flags));
}

async function render(context: CliContext, file: string, flags: RenderFlags): Promise<void> {
  const reporter = createReporter(context, flags.json === true);
  const start = context.clock();
  const preset = flags.preset === undefined ? undefined : presetById(flags.preset);
  const out = resolve(flags.out);
  // An output that cannot be is told before minutes of rendering, not after.
  const sheet = preset?.format === 'grid' ? preset.sheet : undefined;
  if (sheet !== undefined) gridFormatOf(flags.out);
  else formatOf(flags.out);
  await checkOutput(out, sheet === undefined && formatOf(flags.out) === 'png' ? 'folder' : 'file');
  const host = context.host({ ...flags, onNote: reporter.note });
  const project = await host.openProject(file);
  try {
    const model = await loadModel(host, project, flags.model);
    const summary = await host.renderRange(project, model, flags.frames, {
      signal: context.signal,
      onProgress: reporter.rendering,
      onFrame: reporter.frame,
      onNote: ({ message, index }) => reporter.note(message, index),
    });
    const written = await write(context, host, project, model, preset, out, flags, reporter);
    const seconds = (context.clock() - start) / 1000;
    reporter.done(
      { frames: summary.total, rendered: summary.rendered, cached: summary.cached, seconds, out },
      `${flags.out}: ${summary.total} frames (${summary.rendered} rendered, ${summary.cached} from the cache), ` +
        `${written.width} x ${written.height}, ${fileSize(written.bytes)}, in ${duration(seconds * 1000)}.`,
    );
  } finally {
    reporter.end();
    project.close();
  }
}

async function write(
  context: CliContext,
  host: Host,
  project: Project,
  model: HostModel,
  preset: Preset | undefined,
  out: string,
  flags: RenderFlags,
  reporter: Reporter,
): Promise<{ width: number; height: number; bytes: number }> {
  const hooks = { signal: context.signal, onProgress: reporter.exporting, onNote: reporter.note };
  const document = JSON.stringify(project.document);
  const quality = flags.quality ?? preset?.quality;
  if (preset?.sheet !== undefined) {
    const { columns, gap, labels, width } = preset.sheet;
    const first = flags.frames?.from ?? 0;
    const last = flags.frames?.to ?? frameCount(project.document) - 1;
    return host.exportContactSheet(
      project,
      model,
      flags.frames,
      {
        out,
        format: gridFormatOf(out),
        columns,
        gap,
        background: '#17171b',
        width: flags.size?.width ?? width,
        quality: quality ?? 90,
        document,
        ...(labels ? { labels: Array.from({ length: last - first + 1 }, (_, i) => String(first + i)) } : {}),
      },
      hooks,
    );
  }
  const format = formatOf(flags.out);
  const fit = preset?.size ?? { width: 0, height: 0, fit: 'cover' as const, background: 'black' as const };
  const size = flags.size === undefined ? preset?.size : { ...fit, ...flags.size };
  return host.exportRange(
    project,
    model,
    flags.frames,
    {
      out,
      format,
      playback: playbackOf(project, preset, flags),
      quality: quality ?? (format === 'webp' ? 80 : 85),
      dither: preset?.dither ?? 'bayer',
      palette: preset?.palette ?? 'global',
      document,
      ...(size === undefined ? {} : { size }),
    },
    hooks,
  );
}

function playbackOf(project: Project, preset: Preset | undefined, flags: RenderFlags): Playback {
  const { document } = project;
  return {
    fps: preset?.playback?.fps ?? document.fps,
    loop: flags.loop ?? preset?.playback?.loop ?? document.export?.loop ?? 0,
    pingPong: flags.pingPong ?? preset?.playback?.pingPong ?? false,
    holdFirst: flags.hold ?? preset?.playback?.holdFirst ?? 0,
    holdLast: flags.hold ?? preset?.playback?.holdLast ?? 0,
  };
}

/** @throws {AppError} invalid-input unless the path has one of the endings */
export function requireEnding(path: string, endings: readonly string[]): void {
  if (endings.includes(extname(path).toLowerCase())) return;
  throw new AppError(
    'invalid-input',
    `${path} ends in ${extname(path) || 'nothing'}; accepted is ${endings.join(', ')}.`,
  );
}
