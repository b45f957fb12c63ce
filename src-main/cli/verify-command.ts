import { extname, resolve } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '../../src-shared/kernel/errors.ts';
import { type CheckedFrame, checkFrames } from '../host/frame-check.ts';
import { parseDocumentText, readDocument } from '../host/project.ts';
import { openStore } from '../host/store/project-store.ts';
import type { CliContext } from './context.ts';
import { createProgress } from './progress.ts';
import { requireEnding } from './render-command.ts';
import { loadModel } from './shared-options.ts';
import { integer } from './values.ts';

/** @param project the group of commands on project files */
export function addVerifyCommand(project: Command, context: CliContext): void {
  project
    .command('verify')
    .argument('<project>', 'a .inbetween or .json project')
    .option(
      '--render [n]',
      'also render so many of the stored frames again (3) and compare: does this machine still make them?',
      integer(1, 100_000),
    )
    .description('Reads everything in the file and names what is damaged.')
    .action(async (file: string, flags: { render?: number | true }) => {
      await verify(context, file);
      if (flags.render !== undefined)
        await verifyFrames(context, file, flags.render === true ? 3 : flags.render);
    });
}

async function verify(context: CliContext, file: string): Promise<void> {
  if (extname(file).toLowerCase() === '.json') {
    await readDocument(resolve(file));
    context.stdout.write(`${file} is sound.\n`);
    return;
  }
  requireEnding(file, ['.inbetween', '.json']);
  const store = openStore(resolve(file), { clock: context.clock, readonly: true });
  try {
    const problems = store.verify();
    const stored = store.document();
    if (stored !== undefined) parseDocumentText(stored.json, file);
    if (problems.length === 0) {
      context.stdout.write(`${file} is sound.\n`);
      return;
    }
    for (const { message } of problems) context.stderr.write(`${message}\n`);
    throw new AppError(
      'project-damaged',
      `${file} has ${problems.length} damaged ${problems.length === 1 ? 'place' : 'places'}; "project recover" copies what can be read.`,
    );
  } finally {
    store.close();
  }
}

/** Below this two pictures of the same frame can be told apart by eye. */
const ALIKE_DB = 40;

async function verifyFrames(context: CliContext, file: string, most: number): Promise<void> {
  const host = context.host();
  const project = await host.openProject(file, { readonly: true });
  const progress = createProgress(context);
  try {
    const model = await loadModel(host, project, undefined);
    const checked = await checkFrames(host, project, model, most, {
      signal: context.signal,
      onFrame: (done, total) =>
        progress.update({
          label: 'Rendering again',
          fraction: done / total,
          detail: `${done}/${total}`,
          remainingMs: undefined,
        }),
    });
    progress.end();
    const frames = (list: readonly CheckedFrame[]): string =>
      `${list.length === 1 ? 'frame' : 'frames'} ${list.map(({ frame }) => frame).join(', ')}`;
    const equal = checked.filter(({ isEqual }) => isEqual);
    const alike = checked.filter(({ isEqual, psnr }) => !isEqual && psnr >= ALIKE_DB);
    const other = checked.filter(({ psnr }) => psnr < ALIKE_DB);
    if (checked.length === 0) context.stdout.write('No frame is stored yet that could be rendered again.\n');
    if (equal.length > 0)
      context.stdout.write(`Rendered again and the same bit for bit: ${frames(equal)}.\n`);
    for (const { frame, psnr } of alike)
      context.stdout.write(
        `Rendered again and alike: frame ${frame} (${psnr === Infinity ? 'the picture is the same' : `${psnr.toFixed(1)} dB`}).\n`,
      );
    if (other.length === 0) return;
    for (const { frame, psnr } of other)
      context.stderr.write(`Frame ${frame} comes out differently here: ${psnr.toFixed(1)} dB.\n`);
    throw new AppError(
      'project-damaged',
      `${file} holds ${other.length} of ${checked.length} frames that this machine does not make; another model under the same name, or a damaged frame.`,
    );
  } finally {
    progress.end();
    project.close();
  }
}
