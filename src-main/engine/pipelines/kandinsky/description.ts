import { type PicturePreprocessor, readPreprocessor } from '../../clip/preprocessor.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { SchedulerConfig } from '../../schedulers/scheduler.ts';
import { defaultsOf } from '../folder-defaults.ts';
import {
  arrayLength,
  type FolderContent,
  integer,
  invalidModel,
  isPositiveInteger,
  optionalInteger,
  optionalString,
  positive,
  readObject,
} from '../folder-json.ts';
import { schedulerOf } from '../folder-scheduler.ts';
import type { ModelDescription } from '../model-description.ts';
import type { LearningEncoder } from '../learned-rows.ts';
import type { VaeDescription } from '../stable-diffusion/description.ts';

/** What a Kandinsky folder says about itself; sizes in pixels unless said. */
export interface KandinskyModel extends ModelDescription {
  /** 2.0's decoder is told the text, 2.1's the text and an image embedding, 2.2's the embedding alone. */
  readonly version: '2.0' | '2.1' | '2.2';
  readonly unet: { readonly inChannels: number };
  readonly vae: VaeDescription;
  /** Text encoders that can learn words: all but 2.0's second. */
  readonly encoders: readonly LearningEncoder[];
  /** Null for 2.0, which has none. */
  readonly prior: PriorDescription | null;
}

export interface PriorDescription {
  readonly scheduler: SchedulerConfig;
  /** Embeddings leave the prior as x·std + mean; [1, width]. */
  readonly mean: Tensor;
  readonly std: Tensor;
  /** What the picture encoder says of an empty picture. */
  readonly zero: Tensor;
  readonly preprocessor: PicturePreprocessor;
}

type Version = KandinskyModel['version'];

/** What the U-Net is told, as unet/config.json says it. */
const TOLD = { '2.0': 'text_text', '2.1': 'text_image', '2.2': 'image' };

/** The references propose 100 steps; half of them serve as well and take half the time. */
const DEFAULTS = {
  '2.0': { steps: 50, guidanceScale: 7 },
  '2.1': { steps: 50, guidanceScale: 4 },
  '2.2': { steps: 50, guidanceScale: 4 },
};
const PRIOR_DEFAULTS = { priorSteps: 25, priorGuidanceScale: 4 };

const PRIOR = ['prior', 'prior_text_encoder'];
const REQUIRED = {
  '2.0': ['text_encoder', 'text_encoder_2', 'unet', 'vae_decoder'],
  '2.1': ['text_encoder', 'unet', 'vae_decoder', ...PRIOR],
  '2.2': ['unet', 'vae_decoder', ...PRIOR],
};

/** Text encoders that take learned words, and their names in files of them. */
const LEARNING: Readonly<Record<Version, readonly (readonly [component: string, part: string])[]>> = {
  '2.0': [['text_encoder', 't1']],
  '2.1': [
    ['text_encoder', 't1'],
    ['prior_text_encoder', 't2'],
  ],
  '2.2': [['prior_text_encoder', 't2']],
};

/** Folders that must hold a graph. */
export function requiredGraphs(version: Version): readonly string[] {
  return REQUIRED[version];
}

const REQUIRED_FILES = ['unet/config.json', 'vae_decoder/config.json', 'scheduler/scheduler_config.json'];
const PRIOR_FILES = ['prior/config.json', 'prior_scheduler/scheduler_config.json'];

/** Of Kandinsky 2.0's autoencoder. */
const KL_SCALE = 0.0512;

export function describeKandinsky(
  folder: FolderContent,
  className: string,
  version: Version,
): KandinskyModel {
  const { files, components } = folder;
  const hasPrior = version !== '2.0';
  const wantedFiles = [...REQUIRED_FILES, ...(hasPrior ? PRIOR_FILES : [])];
  const missing = [
    ...requiredGraphs(version)
      .filter((name) => components[name] !== true)
      .map((name) => `${name}/model.onnx`),
    ...wantedFiles.filter((path) => files[path] === undefined),
  ];
  if (missing.length > 0) throw invalidModel(`The model folder lacks ${missing.join(', ')}.`);
  const unet = readObject(files, 'unet/config.json')!;
  const coder = readObject(files, 'vae_decoder/config.json')!;
  const own = readObject(files, 'inbetween.json') ?? {};
  const wanted = TOLD[version];
  if (unet['addition_embed_type'] !== wanted) {
    throw invalidModel(
      `unet/config.json: addition_embed_type is ${JSON.stringify(unet['addition_embed_type'])}. Accepted for ${className}: "${wanted}".`,
    );
  }
  const latentChannels = integer(coder, 'latent_channels', 'vae_decoder/config.json', 4);
  const inChannels = integer(unet, 'in_channels', 'unet/config.json', latentChannels);
  const inpainting = 2 * latentChannels + 1;
  if (inChannels !== latentChannels && inChannels !== inpainting) {
    throw invalidModel(
      `The U-Net takes ${inChannels} input channels with latents of ${latentChannels}. Accepted: ${latentChannels}, or ${inpainting} for an inpainting model.`,
    );
  }
  const factor = 2 ** ((arrayLength(coder['block_out_channels']) ?? 4) - 1);
  const sizeMultiple = factor * 2 ** ((arrayLength(unet['block_out_channels']) ?? 4) - 1);
  const cells = isPositiveInteger(unet['sample_size']) ? unet['sample_size'] : 64;
  const nativeSize = { width: cells * factor, height: cells * factor };
  const saved = schedulerOf(readObject(files, 'scheduler/scheduler_config.json')!);
  // Its only implementation samples with this one.
  const scheduler = version === '2.0' ? { ...saved, name: 'ddim_sampler' as const } : saved;
  const hasEncoder = components['vae_encoder'] === true;
  // A U-Net without mask channels repaints by keeping the rest, step by step; 2.0's only samplers do not.
  const ordinary = version === '2.0' ? 'none' : 'blend';
  return {
    family: 'kandinsky',
    version,
    className,
    title: optionalString(own, 'title'),
    description: optionalString(own, 'description'),
    license: optionalString(own, 'license'),
    contextLength: 77,
    inpainting: !hasEncoder ? 'none' : inChannels === inpainting ? 'channels' : ordinary,
    imageToImage: hasEncoder && inChannels === latentChannels,
    scheduler,
    nativeSize,
    sizeMultiple,
    unet: { inChannels },
    vae: {
      latentChannels,
      // MoVQ's latents are used as they are.
      scalingFactor: hasPrior ? 1 : positive(coder, 'scaling_factor', KL_SCALE),
      shiftFactor: 0,
      latentsMean: null,
      latentsStd: null,
      factor,
      sampleSize: nativeSize.width,
    },
    encoders: LEARNING[version].map(([component, part]) => {
      const path = `${component}/config.json`;
      const config = readObject(files, path) ?? {};
      return {
        component,
        part,
        width: optionalInteger(config, 'hidden_size', path),
        vocabularySize: optionalInteger(config, 'vocab_size', path),
      };
    }),
    prior: hasPrior ? describePrior(files) : null,
    defaults: {
      ...defaultsOf(own, { ...DEFAULTS[version], scheduler: scheduler.name, size: nativeSize }, sizeMultiple),
      ...(hasPrior ? { image: { ...PRIOR_DEFAULTS, readsText: version === '2.1' } } : {}),
    },
  };
}

function describePrior(files: FolderContent['files']): PriorDescription {
  const config = readObject(files, 'prior/config.json')!;
  const encoder = readObject(files, 'prior_image_encoder/config.json') ?? {};
  const width = integer(config, 'embedding_dim', 'prior/config.json', 768);
  const row = (key: string): Tensor => {
    const values = config[key];
    if (!Array.isArray(values) || values.length !== width || !values.every(Number.isFinite)) {
      throw invalidModel(
        `prior/config.json: ${key} is missing or not ${width} numbers; export the model again.`,
      );
    }
    return { dims: [1, width], data: Float32Array.from(values as number[]) };
  };
  const size = integer(encoder, 'image_size', 'prior_image_encoder/config.json', 224);
  return {
    scheduler: readObject(files, 'prior_scheduler/scheduler_config.json') as SchedulerConfig,
    mean: row('clip_mean'),
    std: row('clip_std'),
    zero: row('zero_image_embedding'),
    preprocessor: readPreprocessor(files, 'prior_image_processor/preprocessor_config.json', size),
  };
}
