import { AppError } from '../../../../src-shared/kernel/errors.ts';
import { defaultsOf } from '../folder-defaults.ts';
import {
  arrayLength,
  type FolderContent,
  integer,
  invalidModel,
  isPositiveInteger,
  optionalString,
  readObject,
} from '../folder-json.ts';
import { schedulerOf } from '../folder-scheduler.ts';
import type { ModelDescription } from '../model-description.ts';

/** A denoiser of small grey pictures that is told a class, such as which digit. */
export interface ClassConditionalModel extends ModelDescription {
  /** What can be asked for, in the order of the class numbers. */
  readonly labels: readonly string[];
  /** Latent consistency models choose their own timesteps; these never do. */
  readonly latentConsistency: false;
}

const REQUIRED = ['class_embedding', 'unet'];

/** @throws {AppError} `invalid-model`, see {@link Family.read} */
export function describeClassConditional({ files, components }: FolderContent): ClassConditionalModel {
  const missing = REQUIRED.filter((name) => components[name] !== true).map((name) => `${name}/model.onnx`);
  for (const path of ['unet/config.json', 'scheduler/scheduler_config.json'])
    if (files[path] === undefined) missing.push(path);
  if (missing.length > 0) {
    throw new AppError('invalid-model', `The model folder lacks ${missing.join(', ')}.`, {
      data: { missing },
    });
  }
  const unet = readObject(files, 'unet/config.json') ?? {};
  const card = readObject(files, 'inbetween.json') ?? {};
  const scheduler = schedulerOf(readObject(files, 'scheduler/scheduler_config.json') ?? {});
  const side = unet['sample_size'] ?? 28;
  if (!isPositiveInteger(side)) {
    throw invalidModel(`unet/config.json: sample_size is ${JSON.stringify(side)}. Accepted: a whole number.`);
  }
  // Below this multiple, skip connections no longer fit.
  const sizeMultiple = 2 ** ((arrayLength(unet['block_out_channels']) ?? 3) - 1);
  return {
    family: 'class-conditional',
    className: String(readObject(files, 'model_index.json')?.['_class_name']),
    title: optionalString(card, 'title'),
    description: optionalString(card, 'description'),
    license: optionalString(card, 'license'),
    contextLength: null,
    inpainting: 'none',
    imageToImage: false,
    scheduler,
    nativeSize: { width: side, height: side },
    sizeMultiple,
    defaults: defaultsOf(
      card,
      { scheduler: scheduler.name, steps: 100, guidanceScale: 1, size: { width: side, height: side } },
      sizeMultiple,
    ),
    labels: labelsOf(unet),
    latentConsistency: false,
  };
}

function labelsOf(unet: { readonly [key: string]: unknown }): string[] {
  const count = integer(unet, 'num_classes', 'unet/config.json', 10);
  const labels = unet['labels'];
  if (labels === undefined) return Array.from({ length: count }, (_, i) => String(i));
  if (!Array.isArray(labels) || labels.length !== count || !labels.every((one) => typeof one === 'string')) {
    throw invalidModel(`unet/config.json: labels is no list of ${count} names.`);
  }
  return labels;
}
