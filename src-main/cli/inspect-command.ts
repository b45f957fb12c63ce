import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { InspectionStep } from '../../src-shared/contract/inspection.ts';
import { planFrame } from '../../src-shared/model/plan.ts';
import type { RgbImage } from '../engine/ports.ts';
import type { Tensor } from '../engine/tensor/tensor.ts';
import { checkOutput, type Replaceable, writeWhole } from '../host/export/output-file.ts';
import type { Host } from '../host/host.ts';
import type { HostModel } from '../host/host-models.ts';
import { contextOf, rangeOf } from '../host/project-frames.ts';
import { enlarge } from '../host/inspect/enlarge.ts';
import type { LoopInspection } from '../host/inspect/loop-inspection.ts';
import { drawingToPng } from '../host/inspect/plot-png.ts';
import { type InspectionReport, SHOWN, stepName } from '../host/inspect/report.ts';
import { reportHtml } from '../host/inspect/report-html.ts';
import { sigmaPlot } from '../host/inspect/sigma-plot.ts';
import type { Project } from '../host/project.ts';
import { encodePng } from '../host/render/frame-codec.ts';
import type { CliContext } from './context.ts';
import { encodeNpy } from './npy.ts';
import { duration } from './progress.ts';
import { createReporter, type Reporter } from './reporter.ts';
import { engineOptions, type EngineFlags, loadModel } from './shared-options.ts';
import { integer } from './values.ts';

interface InspectFlags extends EngineFlags {
  readonly frame: number;
  readonly out: string;
  readonly model?: string;
  readonly decode?: boolean;
  readonly json?: boolean;
}

const REPORT: Replaceable = {
  what: 'an inspection',
  names: /^(index\.html|inspection\.json|sigmas\.(svg|png)|pictures|tensors)$/,
};
/** Pixels: latents of 32 cells are hard to look at. */
const PICTURE_SIDE = 384;

export function addInspectCommand(program: Command, context: CliContext): void {
  const command = program
    .command('inspect')
    .argument('<project>', 'a .inbetween or .json project')
    .description(
      "Show the diffusion loop of one frame: tokens, embeddings, noise schedule, and every step's latents and predictions.",
    )
    .requiredOption('--frame <n>', 'which frame, counted from 0', integer(0, Number.MAX_SAFE_INTEGER))
    .requiredOption('--out <folder>', 'gets index.html, inspection.json, pictures (PNG) and tensors (.npy)')
    .option('--model <ref>', "instead of the project's model: an installed name or a folder")
    .option('--decode', "every step through the model's decoder, not only in approximate colours")
    .option('--json', 'one JSON event a line on standard output');
  engineOptions(command).action((project: string, flags: InspectFlags) => inspect(context, project, flags));
}

async function inspect(context: CliContext, file: string, flags: InspectFlags): Promise<void> {
  const reporter = createReporter(context, flags.json === true);
  const begin = context.clock();
  const out = resolve(flags.out);
  await checkOutput(out, 'folder', REPORT);
  const host = context.host({ ...flags, onNote: reporter.note });
  const project = await host.openProject(file);
  try {
    rangeOf(project.document, { from: flags.frame, to: flags.frame });
    const model = await loadModel(host, project, flags.model);
    const written = await writeWhole(
      out,
      'folder',
      (folder) => writeInspection({ context, host, project, model, flags, reporter }, folder),
      REPORT,
    );
    const seconds = (context.clock() - begin) / 1000;
    const { steps, end } = written;
    const stored = { true: 'equal the stored ones', false: 'DIFFER from the stored ones' };
    reporter.done(
      { frame: flags.frame, steps: steps.length, equalsStored: end.equalsStored, seconds, out },
      `${flags.out}: frame ${flags.frame} in ${steps.length} steps, in ${duration(seconds * 1000)}` +
        `${end.equalsStored === null ? '' : `; its latents ${stored[`${end.equalsStored}`]}`}. Open ${join(flags.out, 'index.html')}.`,
    );
  } finally {
    reporter.end();
    project.close();
  }
}

interface Work {
  readonly context: CliContext;
  readonly host: Host;
  readonly project: Project;
  readonly model: HostModel;
  readonly flags: InspectFlags;
  readonly reporter: Reporter;
}

async function writeInspection(work: Work, folder: string): Promise<InspectionReport> {
  const { context, host, project, model, flags, reporter } = work;
  const pictures = new Map<string, Uint8Array>();
  await mkdir(join(folder, 'pictures'));
  await mkdir(join(folder, 'tensors'));
  const keep = async (name: string, image: RgbImage): Promise<string> => {
    const file = `${name}.png`;
    pictures.set(file, await encodePng(image));
    await writeFile(join(folder, 'pictures', file), await encodePng(enlarge(image, PICTURE_SIDE)));
    return file;
  };
  const keepTensor = (name: string, tensor: Tensor): Promise<void> =>
    writeFile(join(folder, 'tensors', `${name}.npy`), encodeNpy(tensor));
  const spec = planFrame(project.document, flags.frame, contextOf(project, model));
  const inspection = await host.inspectLoop(
    project,
    model,
    { index: flags.frame, spec },
    keep,
    context.signal,
  );
  const decoded: Record<string, string> = {};
  const decode = async (name: string, tensor: Tensor): Promise<void> => {
    if (flags.decode !== true) return;
    decoded[name] = await keep(`${name}-decoded`, await host.decodeLatents(model, tensor, context.signal));
  };
  const start = await inspection.start();
  await keepTensor('noise', inspection.tensor(0, 'input'));
  await keepTensor('step-000-latents', inspection.tensor(0, 'next'));
  await decode('step-000-latents', inspection.tensor(0, 'next'));
  await keepEmbeddings(inspection, keepTensor);
  const steps: InspectionStep[] = [];
  for (;;) {
    const told = await inspection.next();
    if ('end' in told) {
      const report: InspectionReport = {
        format: 'inbetween-inspection/1',
        project: project.document.name,
        model: model.description.title ?? project.document.model,
        start,
        steps,
        end: told.end,
        decoded,
      };
      const plot = sigmaPlot(start);
      await keepTensor('final-latents', inspection.tensor(steps.length, 'next'));
      await writeFile(join(folder, 'sigmas.svg'), plot);
      await writeFile(join(folder, 'sigmas.png'), await drawingToPng(plot));
      await writeFile(join(folder, 'inspection.json'), `${JSON.stringify(report, undefined, 1)}\n`);
      await writeFile(join(folder, 'index.html'), reportHtml(report, pictures));
      for (const note of told.end.notes) reporter.note(note, flags.frame);
      return report;
    }
    const { step } = told;
    steps.push(step);
    for (const { tensor, file } of SHOWN) {
      const name = stepName(step.step, file);
      await keepTensor(name, inspection.tensor(step.step, tensor));
      await decode(name, inspection.tensor(step.step, tensor));
    }
    reporter.step(step.step, step.steps, { timestep: step.timestep, sigma: step.sigma });
  }
}

async function keepEmbeddings(
  { embeddings }: LoopInspection,
  keep: (name: string, tensor: Tensor) => Promise<void>,
): Promise<void> {
  for (const [i, embedding] of embeddings.texts.entries()) await keep(`embedding-${i + 1}`, embedding);
  await keep('conditioning-prompt', embeddings.prompt);
  if (embeddings.negative !== null) await keep('conditioning-negative', embeddings.negative);
}
