import { writeFile } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import type { Command } from 'commander';
import { AppError, messageOf } from '../../src-shared/kernel/errors.ts';
import { frameCount, type ProjectDocument } from '../../src-shared/model/document-types.ts';
import { frameKey } from '../../src-shared/model/frame-spec.ts';
import { planGrid } from '../../src-shared/model/grid.ts';
import { planRange } from '../../src-shared/model/plan.ts';
import { writeWhole } from '../host/export/output-file.ts';
import { readProjectFrom } from '../host/export/read-project.ts';
import { contextOf } from '../host/project-frames.ts';
import { withFilmSound } from '../host/film-sound.ts';
import { importDocument, parseDocumentText, readDocument } from '../host/project.ts';
import { openStore } from '../host/store/project-store.ts';
import { recoverInto } from '../host/store/recover.ts';
import type { CliContext } from './context.ts';
import { fileSize } from './progress.ts';
import { requireEnding } from './render-command.ts';
import { loadModel } from './shared-options.ts';
import { addVerifyCommand } from './verify-command.ts';

export function addProjectCommand(program: Command, context: CliContext): void {
  const project = program
    .command('project')
    .description('Project files: look inside, slim, verify, convert, recover.');
  project
    .command('info')
    .argument('<project>', 'a .inbetween or .json project')
    .option('--json', 'as JSON')
    .description('Frames, cached frames and sizes.')
    .action((file: string, flags: { json?: boolean }) => info(context, file, flags.json === true));
  project
    .command('slim')
    .argument('<project>', 'a .inbetween project')
    .description('Drops the rendered frames and other cached results; the document and its pictures stay.')
    .action((file: string) => slim(context, file));
  addVerifyCommand(project, context);
  project
    .command('to-json')
    .argument('<project>', 'a .inbetween project')
    .argument('[out]', 'the JSON file (default: standard output)')
    .option('--out <file>', 'the same')
    .description("The project's document as JSON.")
    .action((file: string, out: string | undefined, flags: { out?: string }) =>
      toJson(context, file, flags.out ?? out),
    );
  project
    .command('from-json')
    .argument(
      '<source>',
      'a .json project, or an exported GIF, MP4, WebM, WebP, PNG or JPEG that carries one',
    )
    .argument('[out]', 'ends in .inbetween or .json')
    .option('--out <file>', 'the same')
    .description('Makes a project out of a JSON document, or out of an exported file.')
    .action((source: string, out: string | undefined, flags: { out?: string }) =>
      fromJson(context, source, flags.out ?? out),
    );
  project
    .command('recover')
    .argument('<damaged>', 'a damaged .inbetween project; it is left as it is')
    .argument('<copy>', 'the new file for what can be read')
    .description('Copies what can still be read out of a damaged project.')
    .action((damaged: string, copy: string) => recover(context, damaged, copy));
}

async function info(context: CliContext, file: string, json: boolean): Promise<void> {
  const host = context.host();
  const project = await host.openProject(file, { readonly: true });
  try {
    const { document, cache } = project;
    const frames = frameCount(document);
    const usage = cache.usage();
    // Without its model a project can be looked at all the same; its cached frames just cannot be told.
    const cached = await loadModel(host, project, undefined).then(
      (model) => {
        const plan = contextOf(project, model);
        const keys = frames === 0 ? [] : planRange(document, plan).map(frameKey);
        const present = cache.hasArtifacts('frame', keys);
        const cells = document.grid === undefined ? [] : planGrid(document, plan).cells.map(frameKey);
        const presentCells = cache.hasArtifacts('frame', cells);
        return {
          frames: keys.filter((key) => present.has(key)).length,
          cells: cells.filter((key) => presentCells.has(key)).length,
        };
      },
      (error: unknown) => ({ problem: messageOf(error) }),
    );
    if (json) {
      const grid =
        document.grid === undefined ? null : { rows: document.grid.rows, cols: document.grid.cols };
      context.stdout.write(
        `${JSON.stringify({
          file: project.file,
          name: document.name,
          model: document.model,
          fps: document.fps,
          frames,
          cachedFrames: 'frames' in cached ? cached.frames : null,
          grid,
          cachedCells: 'cells' in cached ? cached.cells : null,
          keyframes: document.keyframes.length,
          usage,
        })}\n`,
      );
      return;
    }
    const lines = [
      `${document.name}  (${project.file})`,
      `model      ${document.model}`,
      `timeline   ${frames} frames at ${document.fps} fps, ${document.keyframes.length} keyframes`,
      'problem' in cached
        ? `cached     unknown: ${cached.problem}`
        : `cached     ${cached.frames} of ${frames} frames`,
      ...(document.grid === undefined
        ? []
        : [
            `grid       ${document.grid.rows} x ${document.grid.cols}${'cells' in cached ? `, ${cached.cells} cells cached` : ''}`,
          ]),
      `sizes      frames ${amount(usage.frames)}, latents ${amount(usage.latents)}, embeddings ${amount(usage.embeddings)}, pictures ${amount(usage.assets)}`,
      `file       ${fileSize(usage.fileBytes)}${project.store === undefined ? ` (shared cache ${cache.file})` : ''}`,
    ];
    context.stdout.write(`${lines.join('\n')}\n`);
  } finally {
    project.close();
  }
}

function amount({ count, bytes }: { count: number; bytes: number }): string {
  return `${count} (${fileSize(bytes)})`;
}

function slim(context: CliContext, file: string): void {
  requireEnding(file, ['.inbetween']);
  const store = openStore(resolve(file), { clock: context.clock });
  try {
    const { bytesBefore, bytesAfter } = store.slim();
    context.stdout.write(`${file}: ${fileSize(bytesBefore)} -> ${fileSize(bytesAfter)}.\n`);
  } finally {
    store.close();
  }
}

async function toJson(context: CliContext, file: string, out: string | undefined): Promise<void> {
  const text = `${JSON.stringify(await documentOf(context, file), null, 2)}\n`;
  if (out === undefined) {
    context.stdout.write(text);
    return;
  }
  requireEnding(out, ['.json']);
  await writeWhole(resolve(out), 'file', (temporary) => writeFile(temporary, text));
  context.stdout.write(`${out}: written.\n`);
}

async function fromJson(context: CliContext, source: string, out: string | undefined): Promise<void> {
  const document = await documentOf(context, source);
  if (out === undefined) {
    throw new AppError('invalid-input', 'Give the file to make: a name that ends in .inbetween or .json.');
  }
  requireEnding(out, ['.inbetween', '.json']);
  if (extname(out).toLowerCase() === '.json') return toJson(context, source, out);
  const folder = dirname(resolve(source));
  const made = await withFilmSound(context.host().sounds, resolve(source), document, folder, context.signal);
  await importDocument(made.document, folder, resolve(out), context.clock, made.sounds);
  for (const note of made.notes) context.stderr.write(`${note}\n`);
  context.stdout.write(`${out}: written.\n`);
}

/** The document of a project file, or the one that an exported file carries. */
async function documentOf(context: CliContext, file: string): Promise<ProjectDocument> {
  switch (extname(file).toLowerCase()) {
    case '.json':
      return readDocument(resolve(file));
    case '.inbetween': {
      const project = await context.host().openProject(file, { readonly: true });
      project.close();
      return project.document;
    }
    default: {
      const text = await readProjectFrom(resolve(file)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') throw new AppError('not-found', `There is no file ${file}.`);
        throw error;
      });
      if (text === undefined) throw new AppError('invalid-input', `${file} carries no Inbetween project.`);
      return parseDocumentText(text, `The project inside ${file}`);
    }
  }
}

function recover(context: CliContext, damaged: string, copy: string): void {
  requireEnding(copy, ['.inbetween']);
  const report = recoverInto(resolve(damaged), resolve(copy));
  context.stdout.write(`${copy}: ${JSON.stringify(report)}\n`);
}
