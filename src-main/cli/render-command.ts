import { extname, resolve } from 'node:path';
import type { Command } from 'commander';
import { MOST_CROSS_FADES } from '../../src-shared/contract/preset.ts';
import { AppError } from '../../src-shared/kernel/errors.ts';
import { formatOf, gridFormatOf } from '../host/export/format-of.ts';
import { checkOutput } from '../host/export/output-file.ts';
import { PRESETS, type Preset } from '../host/export/presets.ts';
import type { ExportSize, Playback } from '../host/export/types.ts';
import { rangeOf } from '../host/project-frames.ts';
import { isSheet, writeTimeline } from '../host/write-export.ts';
import type { CliContext } from './context.ts';
import { duration, fileSize } from './progress.ts';
import { FIELDS, outputPattern } from './output-path.ts';
import { createReporter } from './reporter.ts';
import { engineOptions, type EngineFlags, loadModel } from './shared-options.ts';
import { byteSize, frameRange, integer, number, pixelSize } from './values.ts';

interface RenderFlags extends EngineFlags {
  readonly out?: string;
  readonly preset?: string;
  readonly frames?: { from: number; to: number };
  readonly model?: string;
  readonly json?: boolean;
  readonly loop?: number;
  readonly pingPong?: boolean;
  readonly hold?: number;
  readonly quality?: number;
  readonly fps?: number;
  readonly crossFades?: number;
  readonly maxSize?: number;
  readonly size?: { width: number; height: number };
}

export function addRenderCommand(program: Command, context: CliContext): void {
  const command = program
    .command('render')
    .argument('<project>', 'a .inbetween or .json project')
    .description('Render a project and write the morph; only frames that are not there yet are computed.')
    .option(
      '--out <path>',
      `ends in .gif .mp4 .webm .webp; a path without an ending becomes a folder of PNG files; its name may hold ${FIELDS}; default: the preset's name and format, or {project}.gif`,
    )
    .option('--preset <name>', `how to export: ${PRESETS.map(({ id }) => id).join(', ')}, or one of yours`)
    .option('--frames <A-B>', 'only these frames, counted from 0, both included', frameRange)
    .option('--model <ref>', "instead of the project's model: an installed name or a folder")
    .option('--loop <n>', 'times a GIF or WebP plays; 0 = for ever', integer(0, 65535))
    .option('--ping-pong', 'forth and back')
    .option('--hold <seconds>', 'the first and last frame stand still', number(0, 600))
    .option('--quality <n>', '1 (small) to 100 (best)', integer(1, 100))
    .option('--size <WxH>', 'scale the frames for this export', pixelSize)
    .option('--fps <n>', 'frames a second of this export', number(0.1, 240))
    .option(
      '--cross-fades <n>',
      `pictures between each two frames that fade from one to the other; as many more are shown a second, 0 to ${MOST_CROSS_FADES}`,
      integer(0, MOST_CROSS_FADES),
    )
    .option(
      '--max-size <size>',
      'the file has at most so many bytes (8MB, 500kB, 1000000): quality, then size, then frames give way',
      byteSize,
    )
    .option('--json', 'one JSON event a line on standard output');
  engineOptions(command).action((project: string, flags: RenderFlags) => render(context, project, flags));
}

async function render(context: CliContext, file: string, flags: RenderFlags): Promise<void> {
  const reporter = createReporter(context, flags.json === true);
  const start = context.clock();
  const host = context.host({ ...flags, onNote: reporter.note });
  const preset = flags.preset === undefined ? undefined : await host.presets.get(flags.preset);
  const output = outputPattern(flags.out, preset);
  const format = isSheet(preset) ? undefined : formatOf(output.pattern);
  if (format === undefined) gridFormatOf(output.pattern);
  if (format !== undefined) host.requireWriter(format);
  const project = await host.openProject(file);
  try {
    const model = await loadModel(host, project, flags.model);
    const { document } = project;
    const size = flags.size ?? preset?.size ?? document.size ?? model.description.defaults;
    const shown = output.path(
      {
        project: document.name,
        width: size.width,
        height: size.height,
        fps: flags.fps ?? preset?.playback?.fps ?? document.fps,
        range: rangeOf(document, flags.frames),
      },
      new Date(start),
    );
    const out = resolve(shown);
    // An output that cannot be is told before minutes of rendering, not after.
    await checkOutput(out, format === 'png' ? 'folder' : 'file');
    const summary = await host.renderRange(project, model, flags.frames, {
      signal: context.signal,
      onProgress: reporter.rendering,
      onFrame: reporter.frame,
      onNote: ({ message, index }) => reporter.note(message, index),
    });
    const wishes = {
      out,
      format,
      range: flags.frames,
      preset,
      playback: playbackOf(flags),
      size: sizeOf(preset, flags),
      quality: flags.quality,
      maxBytes: flags.maxSize,
    };
    const written = await writeTimeline(host, project, model, wishes, {
      signal: context.signal,
      onProgress: reporter.exporting,
      onNote: reporter.note,
    });
    const seconds = (context.clock() - start) / 1000;
    reporter.done(
      { frames: summary.total, rendered: summary.rendered, cached: summary.cached, seconds, out },
      `${shown}: ${summary.total} frames (${summary.rendered} rendered, ${summary.cached} from the cache), ` +
        `${written.width} x ${written.height}, ${fileSize(written.bytes)}, in ${duration(seconds * 1000)}.`,
    );
  } finally {
    reporter.end();
    project.close();
  }
}

/** `--size` keeps the preset's way of fitting; without one the picture is cropped. */
function sizeOf(preset: Preset | undefined, flags: RenderFlags): ExportSize | undefined {
  if (flags.size === undefined) return undefined;
  return { fit: 'cover', background: 'black', ...preset?.size, ...flags.size };
}

function playbackOf({ loop, pingPong, hold, fps, crossFades }: RenderFlags): Partial<Playback> {
  return {
    ...(fps === undefined ? {} : { fps }),
    ...(loop === undefined ? {} : { loop }),
    ...(pingPong === undefined ? {} : { pingPong }),
    ...(crossFades === undefined ? {} : { crossFades }),
    ...(hold === undefined ? {} : { holdFirst: hold, holdLast: hold }),
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
