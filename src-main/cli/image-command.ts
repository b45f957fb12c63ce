import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '../../src-shared/kernel/errors.ts';
import { hashBytes } from '../../src-shared/kernel/hash.ts';
import type {
  DocumentPrior,
  DocumentSampler,
  ProjectDocument,
} from '../../src-shared/model/document-types.ts';
import { SCHEDULER_NAMES, type SchedulerName } from '../../src-shared/model/frame-spec.ts';
import { planFrame } from '../../src-shared/model/plan.ts';
import type { RgbImage } from '../engine/ports.ts';
import { checkOutput, writeWhole } from '../host/export/output-file.ts';
import { addProjectToPng } from '../host/export/png-chunks.ts';
import type { HostModel } from '../host/host-models.ts';
import { decodeImage, encodePng, fitImage } from '../host/render/frame-codec.ts';
import type { CliContext } from './context.ts';
import { encodeNpy } from './npy.ts';
import { createProgress, duration } from './progress.ts';
import { requireEnding } from './render-command.ts';
import { engineOptions, type EngineFlags } from './shared-options.ts';
import { integer, number, oneOf } from './values.ts';

interface ImageFlags extends EngineFlags {
  readonly model: string;
  readonly prompt: string;
  readonly negative?: string;
  readonly seed?: number;
  readonly steps?: number;
  readonly guidance?: number;
  readonly guidanceRescale?: number;
  readonly eta?: number;
  readonly clipSkip?: number;
  readonly vaeTiling?: 'auto' | 'on' | 'off';
  readonly scheduler?: string;
  readonly width?: number;
  readonly height?: number;
  readonly image?: string;
  readonly strength: number;
  readonly mask?: string;
  readonly longPrompts?: boolean;
  readonly latentsOut?: string;
  readonly priorSteps?: string;
  readonly priorGuidance?: number;
  readonly priorNegative?: string;
  readonly out: string;
}

export function addImageCommand(program: Command, context: CliContext): void {
  const command = program
    .command('image')
    .description('Make one picture.')
    .requiredOption('--model <ref>', 'an installed name or a model folder')
    .requiredOption('--prompt <text>', 'what to see; (word:1.3) stresses, [word] weakens')
    .option('--negative <text>', 'what not to see')
    .option(
      '--seed <n>',
      'the starting noise (default: a random one, which is told)',
      integer(0, Number.MAX_SAFE_INTEGER),
    )
    .option('--steps <n>', "denoising steps (default: the model's)", integer(1, 1000))
    .option(
      '--guidance <g>',
      "classifier-free guidance scale, 1 or less is off (default: the model's)",
      number(0, 100),
    )
    .option('--guidance-rescale <phi>', 'against over-exposure, 0 to 1', number(0, 1))
    .option('--eta <n>', 'ddim: 0 to 1; tcd: its gamma', number(0, 1))
    .option('--clip-skip <n>', 'layers of the text encoder to leave out', integer(0, 11))
    .option(
      '--vae-tiling <setting>',
      'decode in overlapping tiles: auto (very large pictures), on, off',
      oneOf(['auto', 'on', 'off']),
    )
    .option(
      '--scheduler <name>',
      `${SCHEDULER_NAMES.join(' ')} (default: the model's)`,
      oneOf(SCHEDULER_NAMES),
    )
    .option('--width <pixels>', "default: the model's", integer(16, 4096))
    .option('--height <pixels>', "default: the model's", integer(16, 4096))
    .option('--image <file>', 'start from this picture (image to image)')
    .option(
      '--strength <s>',
      'how far to leave it, 0 to 1; with the original Kandinsky samplers the share of the way that is skipped',
      number(0, 1),
      0.8,
    )
    .option('--mask <file>', 'with --image: repaint where it is white (inpainting)')
    .option('--long-prompts', 'read prompts longer than the text encoder in chunks instead of cutting them')
    .option(
      '--prior-steps <n>',
      'Kandinsky: steps of the prior (default 25), or ddim25 with the original samplers',
    )
    .option('--prior-guidance <g>', 'Kandinsky: guidance scale of the prior (default 4)', number(0, 100))
    .option(
      '--prior-negative <text>',
      'Kandinsky: what the prior is led away from (default: as --negative, for which it stands in turn where that is not given; the original samplers: nothing, and it does not)',
    )
    .option('--latents-out <file>', 'also write the final latents, float32, as a NumPy file (.npy)')
    .requiredOption('--out <file>', 'ends in .png');
  engineOptions(command).action((flags: ImageFlags) => image(context, flags));
}

async function image(context: CliContext, flags: ImageFlags): Promise<void> {
  requireEnding(flags.out, ['.png']);
  if (flags.latentsOut !== undefined) requireEnding(flags.latentsOut, ['.npy']);
  if (flags.mask !== undefined && flags.image === undefined) {
    throw new AppError('invalid-input', '--mask needs --image: the picture that is repainted.');
  }
  await checkOutput(resolve(flags.out), 'file');
  const start = context.clock();
  const progress = createProgress(context);
  const host = context.host(flags);
  const model = await host.models.load(flags.model, process.cwd());
  refusePriorFlags(model, flags);
  const seed = flags.seed ?? context.randomSeed();
  const [init, mask] = await Promise.all([flags.image, flags.mask].map(readPicture));
  const document = documentOf(flags, seed, model, init?.key, mask?.key);
  const spec = planFrame(document, 0, {
    fingerprint: model.fingerprint,
    defaults: model.description.defaults,
    embeddings: model.embeddings,
  });
  const pictures = [init, mask].filter((picture) => picture !== undefined);
  const assets = Object.fromEntries(
    pictures.map(({ key, image }) => [key, fitImage(image, spec.width, spec.height)]),
  );
  const wholeAssets = Object.fromEntries(pictures.map(({ key, image }) => [key, image]));
  const result = await host.renderImage(model, spec, assets, {
    wholeAssets,
    signal: context.signal,
    onStep: ({ step, steps }) =>
      progress.update({
        label: 'Sampling',
        fraction: step / Math.max(1, steps),
        detail: `step ${step}/${steps}`,
        remainingMs: step < 2 ? undefined : ((context.clock() - start) / step) * (steps - step),
      }),
  });
  progress.end();
  for (const { message } of result.notes) progress.message(`Note: ${message}`);
  if (flags.latentsOut !== undefined) {
    const npy = encodeNpy(result.latents);
    await writeWhole(resolve(flags.latentsOut), 'file', (temporary) => writeFile(temporary, npy));
  }
  await writePicture(resolve(flags.out), result.image, document);
  const { width, height, sampler } = spec;
  context.stdout.write(
    `${flags.out}: ${width} x ${height}, seed ${seed}, ${sampler.scheduler}, ${sampler.steps} steps, guidance ${sampler.guidanceScale}, in ${duration(context.clock() - start)}.\n`,
  );
}

function refusePriorFlags(model: HostModel, flags: ImageFlags): void {
  if (model.description.defaults.image !== undefined) return;
  const given = Object.entries({
    '--prior-steps': flags.priorSteps,
    '--prior-guidance': flags.priorGuidance,
    '--prior-negative': flags.priorNegative,
  }).find(([, value]) => value !== undefined);
  if (given === undefined) return;
  throw new AppError(
    'invalid-input',
    `${given[0]} is for Kandinsky models, which have a prior; ${flags.model} is ${model.description.className}.`,
  );
}

/** A count, or "ddim" and a count. */
function priorSteps(value: string): number | string {
  const parts = /^(ddim)?(\d{1,4})$/.exec(value);
  const count = Number(parts?.[2]);
  if (parts !== null && count >= 2 && count <= 1000) return parts[1] === undefined ? count : value;
  throw new AppError(
    'invalid-input',
    `--prior-steps is "${value}"; accepted: 2 to 1000, or "ddim" and a number, such as ddim25 (with p_sampler, ddim_sampler or plms_sampler).`,
  );
}

function priorOf(flags: ImageFlags): DocumentPrior | undefined {
  const prior: DocumentPrior = {
    ...(flags.priorSteps === undefined ? {} : { steps: priorSteps(flags.priorSteps) }),
    ...(flags.priorGuidance === undefined ? {} : { guidanceScale: flags.priorGuidance }),
    ...(flags.priorNegative === undefined ? {} : { negativePrompt: flags.priorNegative }),
  };
  return Object.keys(prior).length === 0 ? undefined : prior;
}

/** The picture as a project of one frame: it travels inside the PNG and can be opened again. */
function documentOf(
  flags: ImageFlags,
  seed: number,
  model: HostModel,
  initKey: string | undefined,
  maskKey: string | undefined,
): ProjectDocument {
  const { defaults } = model.description;
  const prior = priorOf(flags);
  const sampler: DocumentSampler = {
    ...(flags.scheduler === undefined ? {} : { scheduler: flags.scheduler as SchedulerName }),
    ...(flags.steps === undefined ? {} : { steps: flags.steps }),
    ...(flags.guidance === undefined ? {} : { guidanceScale: flags.guidance }),
    ...(flags.guidanceRescale === undefined ? {} : { guidanceRescale: flags.guidanceRescale }),
    ...(flags.eta === undefined ? {} : { eta: flags.eta }),
    ...(flags.clipSkip === undefined ? {} : { clipSkip: flags.clipSkip }),
    ...(flags.vaeTiling === undefined ? {} : { vaeTiling: flags.vaeTiling }),
  };
  return {
    format: 'inbetween/1',
    name: flags.prompt.slice(0, 60) || 'Untitled',
    model: flags.model,
    size: { width: flags.width ?? defaults.width, height: flags.height ?? defaults.height },
    fps: 12,
    sampler,
    ...(prior === undefined ? {} : { prior }),
    longPrompts: flags.longPrompts ? 'chunk' : 'truncate',
    keyframes: [
      {
        frame: 0,
        prompt: flags.prompt,
        ...(flags.negative === undefined ? {} : { negativePrompt: flags.negative }),
        seed,
        ...(initKey === undefined ? {} : { initImage: initKey, strength: flags.strength }),
        ...(maskKey === undefined ? {} : { mask: maskKey }),
      },
    ],
  };
}

async function readPicture(file: string | undefined): Promise<{ key: string; image: RgbImage } | undefined> {
  if (file === undefined) return undefined;
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new AppError('not-found', `The picture ${file} cannot be read: ${error.message}`, { cause: error });
  });
  return { key: hashBytes(bytes), image: await decodeImage(bytes, file) };
}

async function writePicture(out: string, picture: RgbImage, document: ProjectDocument): Promise<void> {
  const png = addProjectToPng(await encodePng(picture), JSON.stringify(document));
  await writeWhole(out, 'file', (temporary) => writeFile(temporary, png));
}
