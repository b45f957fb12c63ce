import { writeFile } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '../../src-shared/kernel/errors.ts';
import { documentAssets, isAssetPath } from '../../src-shared/model/asset-references.ts';
import { checkOutput, writeWhole } from '../host/export/output-file.ts';
import { type EvenedOut, evenOut } from '../host/motion/even-out.ts';
import type { Project } from '../host/project.ts';
import { createEditSession, type EditSession } from '../host/studio/edit-session.ts';
import type { CliContext } from './context.ts';
import { duration } from './progress.ts';
import { requireEnding } from './render-command.ts';
import { createReporter } from './reporter.ts';
import { engineOptions, type EngineFlags, loadModel } from './shared-options.ts';
import { frameRange, integer } from './values.ts';

interface EvenFlags extends EngineFlags {
  readonly out?: string;
  readonly frames?: { from: number; to: number };
  readonly moveKeys?: boolean;
  readonly rounds: number;
  readonly model?: string;
  readonly json?: boolean;
}

export function addEvenCommand(program: Command, context: CliContext): void {
  const command = program
    .command('even')
    .argument('<project>', 'a .inbetween or .json project')
    .description(
      'Retimes a morph so that pictures change evenly: renders it, measures how far each frame is from the one before, bends the curves.',
    )
    .option(
      '--out <file>',
      'the JSON project to write; an .inbetween project is changed itself, as one step of undo',
    )
    .option('--frames <A-B>', 'only between the keyframes of these frames', frameRange)
    .option('--move-keys', 'keyframes between the first and the last may move too')
    .option('--rounds <n>', 'render and measure so many times at most', integer(1, 10), 3)
    .option('--model <ref>', "instead of the project's model: an installed name or a folder")
    .option('--json', 'one JSON event a line on standard output');
  engineOptions(command).action((project: string, flags: EvenFlags) => even(context, project, flags));
}

async function even(context: CliContext, file: string, flags: EvenFlags): Promise<void> {
  const out = await outputOf(file, flags.out);
  const reporter = createReporter(context, flags.json === true);
  const start = context.clock();
  const host = context.host({ ...flags, onNote: reporter.note });
  const project = await host.openProject(file);
  try {
    // What cannot be written is told before minutes of rendering, not after.
    if (out !== undefined) requireSameFolder(project, out);
    const edits = out === undefined ? editsOf(project, reporter.note) : undefined;
    const model = await loadModel(host, project, flags.model);
    const { frames: range, moveKeys = false, rounds } = flags;
    const wishes = { range, moveKeys, rounds };
    const evened = await evenOut(host, project, model, wishes, {
      signal: context.signal,
      onProgress: reporter.rendering,
      onFrame: reporter.frame,
      onNote: ({ message, index }) => reporter.note(message, index),
    });
    const { before, after, rendered, commands, document } = evened;
    if (out !== undefined) {
      const text = `${JSON.stringify(document, null, 2)}\n`;
      await writeWhole(out, 'file', (temporary) => writeFile(temporary, text));
    } else if (commands.length > 0) {
      const { revision } = edits!;
      edits!.apply({ commands, revision, label: 'Even out the motion', client: 'command line' });
    }
    const milliseconds = context.clock() - start;
    reporter.done(
      {
        before,
        after,
        changed: commands.length > 0,
        rendered,
        seconds: milliseconds / 1000,
        out: out ?? resolve(file),
      },
      `${flags.out ?? file}: ${told(evened)}; ${rendered} frames rendered in ${duration(milliseconds)}.`,
    );
  } finally {
    reporter.end();
    project.close();
  }
}

/** Where a JSON project's evened copy goes; undefined for an `.inbetween` project, which is changed itself. */
async function outputOf(file: string, out: string | undefined): Promise<string | undefined> {
  if (extname(file).toLowerCase() !== '.json') {
    if (out === undefined) return undefined;
    throw new AppError(
      'invalid-input',
      `--out is for JSON projects; ${file} is changed itself, as one step of undo. Copy it first to keep it as it is.`,
    );
  }
  if (out === undefined) {
    throw new AppError(
      'invalid-input',
      `${file} is left as it is: --out FILE.json says where the new one goes.`,
    );
  }
  requireEnding(out, ['.json']);
  await checkOutput(resolve(out), 'file');
  return resolve(out);
}

/** Pictures are named by their way from the document's folder. */
function requireSameFolder({ file, document }: Project, out: string): void {
  if (dirname(file) === dirname(out) || !documentAssets(document).some(isAssetPath)) return;
  throw new AppError(
    'invalid-input',
    `${file} names pictures beside it, so --out has to lie in the same folder; it is ${out}.`,
  );
}

function editsOf(project: Project, note: (message: string) => void): EditSession {
  const edits = createEditSession(project, () => {}, note);
  if (edits.readonly)
    throw new AppError('read-only', `${project.file} is write-protected; copy it to change it.`);
  return edits;
}

function told({ before, after, commands }: EvenedOut): string {
  if (before === null || after === null) return 'too little moves to be evened out';
  const times = (value: number): string => `${value.toFixed(1)} x`;
  return commands.length === 0
    ? `already as even as it gets, the fastest frame ${times(before)} the middle one`
    : `the fastest frame was ${times(before)} the middle one and is ${times(after)}`;
}
