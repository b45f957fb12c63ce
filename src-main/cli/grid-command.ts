import { resolve } from 'node:path';
import type { Command } from 'commander';
import { gridFormatOf } from '../host/export/format-of.ts';
import { checkOutput } from '../host/export/output-file.ts';
import type { RenderJobHooks } from '../host/render/render-job.ts';
import { rangeOf } from '../host/project-frames.ts';
import { writeGrid, writeSheet } from '../host/write-export.ts';
import type { CliContext } from './context.ts';
import { duration, fileSize } from './progress.ts';
import { FIELDS, outputPattern } from './output-path.ts';
import { createReporter } from './reporter.ts';
import { engineOptions, type EngineFlags, loadModel } from './shared-options.ts';
import { integer } from './values.ts';

interface GridFlags extends EngineFlags {
  readonly out: string;
  readonly model?: string;
  readonly columns?: number;
  readonly gap: number;
  readonly labels?: boolean;
  readonly width?: number;
  readonly quality: number;
  readonly json?: boolean;
}

export function addGridCommand(program: Command, context: CliContext): void {
  const command = program
    .command('grid')
    .argument('<project>', 'a .inbetween or .json project; it has a grid, or --columns is given')
    .description("Render the project's 2-D grid as one picture.")
    .requiredOption('--out <file>', `ends in .jpg, .png or .webp; its name may hold ${FIELDS}`)
    .option('--model <ref>', "instead of the project's model: an installed name or a folder")
    .option(
      '--columns <n>',
      'all frames of the timeline as a sheet of so many columns, instead of the grid',
      integer(1, 100),
    )
    .option('--gap <pixels>', 'between and around the cells', integer(0, 1000), 0)
    .option('--labels', 'write row/column under each cell')
    .option('--width <pixels>', 'of the whole sheet', integer(16, 100_000))
    .option('--quality <n>', '1 (small) to 100 (best)', integer(1, 100), 92)
    .option('--json', 'one JSON event a line on standard output');
  engineOptions(command).action((project: string, flags: GridFlags) => grid(context, project, flags));
}

async function grid(context: CliContext, file: string, flags: GridFlags): Promise<void> {
  const output = outputPattern(flags.out);
  gridFormatOf(output.pattern);
  const reporter = createReporter(context, flags.json === true);
  const start = context.clock();
  const host = context.host({ ...flags, onNote: reporter.note });
  const project = await host.openProject(file);
  try {
    const model = await loadModel(host, project, flags.model);
    const { document } = project;
    const { width: cellWidth, height: cellHeight } = document.size ?? model.description.defaults;
    const cells =
      flags.columns === undefined && document.grid !== undefined
        ? { from: 0, to: document.grid.rows * document.grid.cols - 1 }
        : rangeOf(document, undefined);
    const shown = output.path(
      { project: document.name, width: cellWidth, height: cellHeight, fps: document.fps, range: cells },
      new Date(start),
    );
    const out = resolve(shown);
    await checkOutput(out, 'file');
    const { columns, gap, labels, quality, width } = flags;
    const hooks: RenderJobHooks = {
      signal: context.signal,
      onProgress: reporter.rendering,
      onFrame: reporter.frame,
      onNote: ({ message }) => reporter.note(message),
    };
    const summary =
      columns === undefined
        ? await host.renderGrid(project, model, hooks)
        : await host.renderRange(project, model, undefined, hooks);
    const exporting = { signal: context.signal, onProgress: reporter.exporting };
    const wishes = { out, gap, labels, quality, width };
    const written =
      columns === undefined
        ? await writeGrid(host, project, model, wishes, exporting)
        : await writeSheet(host, project, model, { ...wishes, columns }, exporting);
    const cols = columns === undefined ? project.document.grid!.cols : Math.min(columns, summary.total);
    const rows = columns === undefined ? project.document.grid!.rows : Math.ceil(summary.total / cols);
    const seconds = (context.clock() - start) / 1000;
    reporter.done(
      { frames: summary.total, rendered: summary.rendered, cached: summary.cached, seconds, out },
      `${shown}: ${rows} x ${cols} cells (${summary.rendered} rendered, ${summary.cached} from the cache), ` +
        `${written.width} x ${written.height}, ${fileSize(written.bytes)}, in ${duration(seconds * 1000)}.`,
    );
  } finally {
    reporter.end();
    project.close();
  }
}
