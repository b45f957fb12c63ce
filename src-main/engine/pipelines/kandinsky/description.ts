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
  optionalString,
  readObject,
} from '../folder-json.ts';
import { schedulerOf } from '../folder-scheduler.ts';
import type { ModelDescription } from '../model-description.ts';
import type { VaeDescription } from '../stable-diffusion/description.ts';

/** What a Kandinsky folder says about itself; sizes in pixels unless said. */
export interface KandinskyModel extends ModelDescription {
  /** 2.1's decoder is told the text and an image embedding, 2.2's the embedding alone. */
  readonly version: '2.1' | '2.2';
  readonly unet: { readonly inChannels: number };
  readonly vae: VaeDescription;
  readonly prior: PriorDescription;
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

/** diffusers' pipelines propose 100 steps; half of them serve as well and take half the time. */
const DEFAULTS = { steps: 50, guidanceScale: 4 };
const PRIOR_DEFAULTS = { priorSteps: 25, priorGuidanceScale: 4 };

export const REQUIRED = ['unet', 'vae_decoder', 'prior', 'prior_text_encoder'];
const REQUIRED_FILES = [
  'unet/config.json',
  'prior/config.json',
  'vae_decoder/config.json',
  'scheduler/scheduler_config.json',
  'prior_scheduler/scheduler_config.json',
];

export function describeKandinsky(folder: FolderContent, className: string): KandinskyModel {
  const { files, components } = folder;
  const second = className.includes('V22');
  const graphs = second ? REQUIRED : ['text_encoder', ...REQUIRED];
  const missing = [
    ...graphs.filter((name) => components[name] !== true).map((name) => `${name}/model.onnx`),
    ...REQUIRED_FILES.filter((path) => files[path] === undefined),
  ];
  if (missing.length > 0) throw invalidModel(`The model folder lacks ${missing.join(', ')}.`);
  const unet = readObject(files, 'unet/config.json')!;
  const coder = readObject(files, 'vae_decoder/config.json')!;
  const own = readObject(files, 'inbetween.json') ?? {};
  const wanted = second ? 'image' : 'text_image';
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
  const scheduler = schedulerOf(readObject(files, 'scheduler/scheduler_config.json')!);
  const hasEncoder = components['vae_encoder'] === true;
  return {
    family: 'kandinsky',
    version: second ? '2.2' : '2.1',
    className,
    title: optionalString(own, 'title'),
    description: optionalString(own, 'description'),
    license: optionalString(own, 'license'),
    contextLength: 77,
    inpainting: hasEncoder && inChannels === inpainting ? 'channels' : 'none',
    imageToImage: hasEncoder && inChannels === latentChannels,
    scheduler,
    nativeSize,
    sizeMultiple,
    unet: { inChannels },
    vae: {
      latentChannels,
      scalingFactor: 1,
      shiftFactor: 0,
      latentsMean: null,
      latentsStd: null,
      factor,
      sampleSize: nativeSize.width,
    },
    prior: describePrior(files),
    defaults: {
      ...defaultsOf(own, { ...DEFAULTS, scheduler: scheduler.name, size: nativeSize }, sizeMultiple),
      image: { ...PRIOR_DEFAULTS, readsText: !second },
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
