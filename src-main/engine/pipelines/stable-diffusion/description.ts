import { AppError } from '../../../../src-shared/kernel/errors.ts';
import { defaultsOf } from '../folder-defaults.ts';
import {
  arrayLength,
  type FolderContent,
  integer,
  invalidModel,
  isPositiveInteger,
  number,
  optionalInteger,
  optionalString,
  positive,
  readObject,
} from '../folder-json.ts';
import { schedulerOf } from '../folder-scheduler.ts';
import type { ModelDescription } from '../model-description.ts';

/** A model folder of Stable Diffusion or of a relative of it. */
export interface StableDiffusionModel extends ModelDescription {
  readonly text: {
    /** Tokens of one encoder run, start and end included; null where only session and tokenizer know. */
    readonly contextLength: number | null;
    /** Whether the encoder hides padding (`use_attention_mask`). */
    readonly useAttentionMask: boolean;
    /** Transformer layers; null when the folder has no text encoder config. */
    readonly layers: number | null;
    /** Width of an embedding row. */
    readonly width: number | null;
    /** Vocabulary size of the encoder's embedding table. */
    readonly vocabularySize: number | null;
  };
  readonly unet: {
    readonly inChannels: number;
    /** Width of `encoder_hidden_states`; null when the folder does not say. */
    readonly crossAttentionDim: number | null;
    /** Width of the `timestep_cond` input of distilled (LCM) U-Nets, which take the guidance scale as an input. */
    readonly timeCondDim: number | null;
    /** Resolution levels: latent sides must be divisible by 2^(levels - 1). */
    readonly levels: number;
  };
  readonly vae: VaeDescription;
  /** Latent consistency models pick image-to-image timesteps by strength inside the scheduler. */
  readonly latentConsistency: boolean;
}

/** An autoencoder between pictures and latents. */
export interface VaeDescription {
  readonly latentChannels: number;
  readonly scalingFactor: number;
  readonly shiftFactor: number;
  /** Pixels per latent cell and side. */
  readonly factor: number;
}

/** Small steps suffice for distilled models; the values are the reference pipelines' defaults. */
const LCM_DEFAULTS = { steps: 4, guidanceScale: 8.5 };
const SD_DEFAULTS = { steps: 50, guidanceScale: 7.5 };

/** @throws {AppError} `invalid-model`, see {@link Family.read} */
export function describeStableDiffusion({ files, components }: FolderContent): StableDiffusionModel {
  const className = String(readObject(files, 'model_index.json')?.['_class_name']);
  // The folders of diffusers' own ONNX script carry weights only; its pipeline hard-codes Stable Diffusion 1's numbers.
  const configsOptional = className.includes('Onnx');
  reportMissing(files, components, configsOptional);

  const unet = readObject(files, 'unet/config.json') ?? {};
  const vae =
    readObject(files, 'vae_decoder/config.json') ??
    readObject(files, 'vae_encoder/config.json') ??
    readObject(files, 'vae/config.json') ??
    {};
  const text = readObject(files, 'text_encoder/config.json') ?? {};
  const schedulerConfig = readObject(files, 'scheduler/scheduler_config.json') ?? {};
  const own = readObject(files, 'inbetween.json') ?? {};

  const addition = unet['addition_embed_type'];
  if (addition !== undefined && addition !== null) {
    throw invalidModel(
      `unet/config.json asks for added conditioning ("addition_embed_type": ${JSON.stringify(addition)}), which this pipeline class does not feed. Accepted: null.`,
    );
  }

  const latentChannels = integer(vae, 'latent_channels', 'vae_decoder/config.json', 4);
  const inChannels = integer(unet, 'in_channels', 'unet/config.json', latentChannels);
  const inpaintChannels = 2 * latentChannels + 1;
  if (inChannels !== latentChannels && inChannels !== inpaintChannels) {
    throw invalidModel(
      `The U-Net takes ${inChannels} input channels with latents of ${latentChannels}. Accepted: ${latentChannels}, or ${inpaintChannels} for an inpainting model.`,
    );
  }
  const vaeLevels = arrayLength(vae['block_out_channels']) ?? 4;
  const factor = 2 ** (vaeLevels - 1);
  const levels = arrayLength(unet['block_out_channels']) ?? 4;
  const sizeMultiple = factor * 2 ** (levels - 1);
  const [latentHeight, latentWidth] = sampleSize(unet['sample_size']);
  const nativeSize = { width: latentWidth * factor, height: latentHeight * factor };
  const scheduler = schedulerOf(schedulerConfig);
  const timeCondDim = optionalInteger(unet, 'time_cond_proj_dim', 'unet/config.json');
  const latentConsistency = className.includes('LatentConsistency');
  const hasEncoder = components['vae_encoder'] === true;

  return {
    family: 'stable-diffusion',
    className,
    title: optionalString(own, 'title'),
    description: optionalString(own, 'description'),
    license: optionalString(own, 'license'),
    contextLength: optionalInteger(text, 'max_position_embeddings', 'text_encoder/config.json'),
    text: {
      contextLength: optionalInteger(text, 'max_position_embeddings', 'text_encoder/config.json'),
      useAttentionMask: text['use_attention_mask'] === true,
      layers: optionalInteger(text, 'num_hidden_layers', 'text_encoder/config.json'),
      width: optionalInteger(text, 'hidden_size', 'text_encoder/config.json'),
      vocabularySize: optionalInteger(text, 'vocab_size', 'text_encoder/config.json'),
    },
    unet: {
      inChannels,
      crossAttentionDim: crossAttention(unet['cross_attention_dim']),
      timeCondDim,
      levels,
    },
    vae: {
      latentChannels,
      scalingFactor: positive(vae, 'scaling_factor', vae['_class_name'] === 'AutoencoderTiny' ? 1 : 0.18215),
      shiftFactor: number(vae, 'shift_factor', 0),
      factor,
    },
    inpainting: !hasEncoder ? 'none' : inChannels === inpaintChannels ? 'channels' : 'blend',
    imageToImage: hasEncoder,
    latentConsistency,
    scheduler,
    nativeSize,
    sizeMultiple,
    defaults: defaultsOf(
      own,
      {
        scheduler: scheduler.name,
        size: nativeSize,
        ...(timeCondDim !== null || latentConsistency ? LCM_DEFAULTS : SD_DEFAULTS),
      },
      sizeMultiple,
    ),
  };
}

function reportMissing(
  files: FolderContent['files'],
  components: FolderContent['components'],
  configsOptional: boolean,
): void {
  const missing: string[] = [];
  for (const component of ['text_encoder', 'unet', 'vae_decoder']) {
    if (components[component] !== true) missing.push(`${component}/model.onnx`);
  }
  if (files['scheduler/scheduler_config.json'] === undefined) missing.push('scheduler/scheduler_config.json');
  if (!configsOptional && files['unet/config.json'] === undefined) missing.push('unet/config.json');
  if (missing.length > 0) {
    throw new AppError('invalid-model', `The model folder lacks ${missing.join(', ')}.`, {
      data: { missing },
    });
  }
}

function sampleSize(value: unknown): [number, number] {
  if (value === undefined || value === null) return [64, 64];
  const pair = Array.isArray(value) ? value : [value, value];
  const [height, width] = pair as unknown[];
  if (!isPositiveInteger(height) || !isPositiveInteger(width)) {
    throw invalidModel(
      `unet/config.json: sample_size is ${JSON.stringify(value)}. Accepted: a whole number of latent cells, or [height, width].`,
    );
  }
  return [height, width];
}

function crossAttention(value: unknown): number | null {
  const first = Array.isArray(value) ? value[0] : value;
  return isPositiveInteger(first) ? first : null;
}
