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
  /** Their rows are put side by side where there are two. */
  readonly encoders: readonly TextEncoderDescription[];
  /** Stable Diffusion XL's added conditioning; null for the others. */
  readonly added: AddedConditioning | null;
  readonly unet: {
    readonly inChannels: number;
    /** Width of `encoder_hidden_states`; null when the folder does not say. */
    readonly crossAttentionDim: number | null;
    /** Width of the `timestep_cond` input of distilled (LCM) U-Nets, which take the guidance scale as an input. */
    readonly timeCondDim: number | null;
    /** Resolution levels: latent sides must be divisible by 2^(levels - 1), where the graph does not take any. */
    readonly levels: number;
  };
  readonly vae: VaeDescription;
  /** Latent consistency models pick image-to-image timesteps by strength inside the scheduler. */
  readonly latentConsistency: boolean;
}

export interface TextEncoderDescription {
  /** Folder of the encoder, and of its tokenizer. */
  readonly component: string;
  readonly tokenizer: string;
  /** Tokens of one encoder run, start and end included; null where only session and tokenizer know. */
  readonly contextLength: number | null;
  /** Whether the encoder hides padding (`use_attention_mask`). */
  readonly useAttentionMask: boolean;
  /** Transformer layers; null when the folder has no config of the encoder. */
  readonly layers: number | null;
  /** Width of an embedding row. */
  readonly width: number | null;
  /** Vocabulary size of the encoder's embedding table. */
  readonly vocabularySize: number | null;
  /** Its name in files of learned words; null for the only encoder. */
  readonly part: string | null;
}

/** What Stable Diffusion XL's U-Net takes besides the rows of tokens. */
export interface AddedConditioning {
  /** The refiner takes an aesthetic score where the others take the target size. */
  readonly aestheticScore: boolean;
  /** An absent negative prompt stands for zeros rather than for the empty prompt. */
  readonly zerosForAbsent: boolean;
}

/** An autoencoder between pictures and latents. */
export interface VaeDescription {
  readonly latentChannels: number;
  readonly scalingFactor: number;
  readonly shiftFactor: number;
  /** Mean and standard deviation of each latent channel, where the model's latents are normalised by them. */
  readonly latentsMean: readonly number[] | null;
  readonly latentsStd: readonly number[] | null;
  /** Pixels per latent cell and side. */
  readonly factor: number;
  /** Side in pixels of the pictures that it was trained on, and of a tile. */
  readonly sampleSize: number;
}

const XL = /StableDiffusionXL/;

/** Few steps suffice for distilled models; the values are the reference pipelines' defaults. */
const LCM_DEFAULTS = { steps: 4, guidanceScale: 8.5 };
const SD_DEFAULTS = { steps: 50, guidanceScale: 7.5 };
const XL_DEFAULTS = { steps: 50, guidanceScale: 5 };
/** Turbo models were distilled for one to four steps without guidance. */
const TURBO_DEFAULTS = { steps: 4, guidanceScale: 0 };

/** @throws {AppError} `invalid-model`, see {@link Family.read} */
export function describeStableDiffusion({ files, components }: FolderContent): StableDiffusionModel {
  const index = readObject(files, 'model_index.json') ?? {};
  const className = String(index['_class_name']);
  // The folders of diffusers' own ONNX script carry weights only; its pipeline hard-codes Stable Diffusion 1's numbers.
  const configsOptional = className.includes('Onnx');
  reportMissing(files, components, configsOptional, XL.test(className));

  const unet = readObject(files, 'unet/config.json') ?? {};
  const vae =
    readObject(files, 'vae_decoder/config.json') ??
    readObject(files, 'vae_encoder/config.json') ??
    readObject(files, 'vae/config.json') ??
    {};
  const schedulerConfig = readObject(files, 'scheduler/scheduler_config.json') ?? {};
  const own = readObject(files, 'inbetween.json') ?? {};

  const isXl = XL.test(className);
  checkAddition(unet['addition_embed_type'] ?? null, isXl);
  const encoders = encodersOf(isXl, { files, components });

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
  // Other exporters' graphs double at every level; ours say so where they take what halving does not divide as well.
  const sizeMultiple = unet['inbetween_any_size'] === true ? factor : factor * 2 ** (levels - 1);
  const [latentHeight, latentWidth] = sampleSize(unet['sample_size'], 'unet/config.json');
  const nativeSize = { width: latentWidth * factor, height: latentHeight * factor };
  const scheduler = schedulerOf(schedulerConfig);
  const timeCondDim = optionalInteger(unet, 'time_cond_proj_dim', 'unet/config.json');
  const latentConsistency = className.includes('LatentConsistency');
  const isDistilled = timeCondDim !== null || latentConsistency;
  const hasEncoder = components['vae_encoder'] === true;

  return {
    family: isXl ? 'stable-diffusion-xl' : 'stable-diffusion',
    className,
    title: optionalString(own, 'title'),
    description: optionalString(own, 'description'),
    license: optionalString(own, 'license'),
    contextLength: encoders[0]!.contextLength,
    encoders,
    added: isXl
      ? {
          aestheticScore: index['requires_aesthetics_score'] === true,
          zerosForAbsent: index['force_zeros_for_empty_prompt'] !== false,
        }
      : null,
    unet: {
      inChannels,
      crossAttentionDim: crossAttention(unet['cross_attention_dim']),
      timeCondDim,
      levels,
    },
    vae: {
      latentChannels,
      scalingFactor: positive(
        vae,
        'scaling_factor',
        vae['_class_name'] === 'AutoencoderTiny' ? 1 : isXl ? 0.13025 : 0.18215,
      ),
      shiftFactor: number(vae, 'shift_factor', 0),
      latentsMean: numbers(vae['latents_mean']),
      latentsStd: numbers(vae['latents_std']),
      factor,
      sampleSize: sampleSize(vae['sample_size'] ?? 512, 'vae_decoder/config.json')[0],
    },
    inpainting: !hasEncoder ? 'none' : inChannels === inpaintChannels ? 'channels' : 'blend',
    imageToImage: hasEncoder,
    latentConsistency,
    scheduler,
    nativeSize,
    sizeMultiple,
    defaults: {
      ...defaultsOf(
        own,
        { scheduler: scheduler.name, size: nativeSize, ...usualSettings(scheduler, isDistilled, isXl) },
        sizeMultiple,
      ),
      ...(isXl && index['force_zeros_for_empty_prompt'] !== false ? { absentNegative: true } : {}),
    },
  };
}

function reportMissing(
  files: FolderContent['files'],
  components: FolderContent['components'],
  configsOptional: boolean,
  isXl: boolean,
): void {
  const missing: string[] = [];
  for (const component of [isXl ? 'text_encoder_2' : 'text_encoder', 'unet', 'vae_decoder']) {
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

function checkAddition(addition: unknown, isXl: boolean): void {
  const accepted = isXl ? 'text_time' : null;
  if (addition === accepted) return;
  throw invalidModel(
    `unet/config.json asks for added conditioning ("addition_embed_type": ${JSON.stringify(addition)}), which this pipeline class does not feed. Accepted: ${JSON.stringify(accepted)}.`,
  );
}

/** Stable Diffusion XL's refiner has the second encoder alone. */
function encodersOf(isXl: boolean, { files, components }: FolderContent): TextEncoderDescription[] {
  const all = [{ component: 'text_encoder', tokenizer: 'tokenizer', part: isXl ? 'clip_l' : null }];
  if (isXl) all.push({ component: 'text_encoder_2', tokenizer: 'tokenizer_2', part: 'clip_g' });
  const present = isXl ? all.filter(({ component }) => components[component] === true) : all;
  return present.map(({ component, tokenizer, part }) => {
    const path = `${component}/config.json`;
    const config = readObject(files, path) ?? {};
    return {
      component,
      tokenizer,
      contextLength: optionalInteger(config, 'max_position_embeddings', path),
      useAttentionMask: config['use_attention_mask'] === true,
      layers: optionalInteger(config, 'num_hidden_layers', path),
      width: optionalInteger(config, 'hidden_size', path),
      vocabularySize: optionalInteger(config, 'vocab_size', path),
      part,
    };
  });
}

/** Turbo models say nothing of it but by their scheduler: Euler steps spaced from the last timestep on. */
function usualSettings(
  { name, config }: StableDiffusionModel['scheduler'],
  isDistilled: boolean,
  isXl: boolean,
): { steps: number; guidanceScale: number } {
  if (isDistilled) return LCM_DEFAULTS;
  const isTurbo =
    (name === 'euler' || name === 'euler_a') &&
    config['timestep_spacing'] === 'trailing' &&
    (config['prediction_type'] ?? 'epsilon') === 'epsilon' &&
    config['rescale_betas_zero_snr'] !== true;
  return isTurbo ? TURBO_DEFAULTS : isXl ? XL_DEFAULTS : SD_DEFAULTS;
}

function numbers(value: unknown): number[] | null {
  if (!Array.isArray(value)) return null;
  return value.every((one): one is number => typeof one === 'number') ? value : null;
}

function sampleSize(value: unknown, file: string): [number, number] {
  if (value === undefined || value === null) return [64, 64];
  const pair = Array.isArray(value) ? value : [value, value];
  const [height, width] = pair as unknown[];
  if (!isPositiveInteger(height) || !isPositiveInteger(width)) {
    throw invalidModel(
      `${file}: sample_size is ${JSON.stringify(value)}. Accepted: a whole number, or [height, width].`,
    );
  }
  return [height, width];
}

function crossAttention(value: unknown): number | null {
  const first = Array.isArray(value) ? value[0] : value;
  return isPositiveInteger(first) ? first : null;
}
