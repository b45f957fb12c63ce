import { AppError } from '../../../src-shared/kernel/errors.ts';
import { parsePythonJson } from '../../../src-shared/kernel/python-json.ts';
import { SCHEDULER_NAMES, type SchedulerName } from '../../../src-shared/model/frame-spec.ts';
import type { SchedulerConfig } from '../schedulers/scheduler.ts';

/** What a model folder's JSON files say about it. Pure data; sizes in pixels unless said. */
export interface ModelDescription {
  readonly family: 'stable-diffusion';
  /** `_class_name` of model_index.json. */
  readonly className: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly license: string | null;
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
  readonly vae: {
    readonly latentChannels: number;
    readonly scalingFactor: number;
    readonly shiftFactor: number;
    /** Pixels per latent cell and side. */
    readonly factor: number;
  };
  /** How a mask is used: not at all, by blending latents at every step, or as extra input channels. */
  readonly inpainting: 'none' | 'blend' | 'channels';
  readonly imageToImage: boolean;
  /** Latent consistency models pick image-to-image timesteps by strength inside the scheduler. */
  readonly latentConsistency: boolean;
  readonly scheduler: { readonly name: SchedulerName; readonly config: SchedulerConfig };
  /** The size the model was trained at. */
  readonly nativeSize: { readonly width: number; readonly height: number };
  /** Width and height must be multiples of this. */
  readonly sizeMultiple: number;
  readonly defaults: {
    readonly steps: number;
    readonly guidanceScale: number;
    readonly scheduler: SchedulerName;
    readonly width: number;
    readonly height: number;
  };
}

type JsonObject = { readonly [key: string]: unknown };

const FAMILIES =
  'StableDiffusionPipeline, StableDiffusionImg2ImgPipeline, StableDiffusionInpaintPipeline, LatentConsistencyModelPipeline, and the same with the prefix Onnx or ORT';

/** Class names end in "Pipeline"; the prefix names the runtime that the folder was written for. */
const STABLE_DIFFUSION =
  /^(?:Onnx|ORT)?(?:StableDiffusion|LatentConsistencyModel)(?:Img2Img|Inpaint)?Pipeline(?:Legacy)?$/;
/** Name that early diffusers releases gave to the ONNX pipeline. */
const EARLY_ONNX = 'StableDiffusionOnnxPipeline';

const SCHEDULER_OF_CLASS: { readonly [className: string]: SchedulerName } = {
  DDPMScheduler: 'ddpm',
  DDIMScheduler: 'ddim',
  PNDMScheduler: 'pndm',
  LMSDiscreteScheduler: 'lms',
  EulerDiscreteScheduler: 'euler',
  EulerAncestralDiscreteScheduler: 'euler_a',
  HeunDiscreteScheduler: 'heun',
  DPMSolverMultistepScheduler: 'dpm++2m',
  DPMSolverSDEScheduler: 'dpm++sde',
  UniPCMultistepScheduler: 'unipc',
  DEISMultistepScheduler: 'deis',
  LCMScheduler: 'lcm',
  TCDScheduler: 'tcd',
};

/** Small steps suffice for distilled models; the values are the reference pipelines' defaults. */
const LCM_DEFAULTS = { steps: 4, guidanceScale: 8.5 };
const SD_DEFAULTS = { steps: 50, guidanceScale: 7.5 };

/**
 * Reads a diffusers-style model folder. `files` holds the texts of its JSON files by path relative to the folder,
 * `components` says for each component folder whether its `model.onnx` exists.
 * @throws {AppError} `invalid-model` naming every missing file at once, a file that is no JSON object, a pipeline
 * class or scheduler class that is not supported, or a value that makes no sense.
 */
export function describeModel(
  files: { readonly [relativePath: string]: string | undefined },
  components: { readonly [name: string]: boolean | undefined },
): ModelDescription {
  const index = readObject(files, 'model_index.json');
  if (index === undefined) {
    throw invalid(
      'The model folder has no model_index.json. A folder written by diffusers or Optimum (ONNX export) has one.',
    );
  }
  const className = typeof index['_class_name'] === 'string' ? index['_class_name'] : '';
  if (!STABLE_DIFFUSION.test(className) && className !== EARLY_ONNX) {
    throw invalid(
      `model_index.json names the pipeline class "${className}", which is not supported. Accepted: ${FAMILIES}.`,
    );
  }
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
  const schedulerConfig = (readObject(files, 'scheduler/scheduler_config.json') ?? {}) as SchedulerConfig;
  const own = readObject(files, 'inbetween.json') ?? {};

  const addition = unet['addition_embed_type'];
  if (addition !== undefined && addition !== null) {
    throw invalid(
      `unet/config.json asks for added conditioning ("addition_embed_type": ${JSON.stringify(addition)}), which this pipeline class does not feed. Accepted: null.`,
    );
  }

  const latentChannels = integer(vae, 'latent_channels', 'vae_decoder/config.json', 4);
  const inChannels = integer(unet, 'in_channels', 'unet/config.json', latentChannels);
  const inpaintChannels = 2 * latentChannels + 1;
  if (inChannels !== latentChannels && inChannels !== inpaintChannels) {
    throw invalid(
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
      scheduler.name,
      nativeSize,
      sizeMultiple,
      timeCondDim !== null || latentConsistency,
    ),
  };
}

function reportMissing(
  files: { readonly [relativePath: string]: string | undefined },
  components: { readonly [name: string]: boolean | undefined },
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

function schedulerOf(config: SchedulerConfig): { name: SchedulerName; config: SchedulerConfig } {
  const className = typeof config['_class_name'] === 'string' ? config['_class_name'] : '';
  const name = SCHEDULER_OF_CLASS[className];
  if (name === undefined) {
    throw invalid(
      `scheduler/scheduler_config.json names the class "${className}", which is not supported. Accepted: ${Object.keys(SCHEDULER_OF_CLASS).join(', ')}.`,
    );
  }
  if (name !== 'dpm++2m') return { name, config };
  // One reference class covers three of the schedulers that artists choose by name.
  if (config['algorithm_type'] === 'sde-dpmsolver++') return { name: 'dpm++sde', config };
  return { name: config['use_karras_sigmas'] === true ? 'dpm++2m_karras' : 'dpm++2m', config };
}

function defaultsOf(
  own: JsonObject,
  scheduler: SchedulerName,
  native: { width: number; height: number },
  multiple: number,
  distilled: boolean,
): ModelDescription['defaults'] {
  const file = 'inbetween.json';
  const given = isObject(own['defaults']) ? own['defaults'] : {};
  const fallback = distilled ? LCM_DEFAULTS : SD_DEFAULTS;
  const name = given['scheduler'] ?? scheduler;
  if (!SCHEDULER_NAMES.includes(name as SchedulerName)) {
    throw invalid(
      `${file}: defaults.scheduler is ${JSON.stringify(name)}. Accepted: ${SCHEDULER_NAMES.join(', ')}.`,
    );
  }
  const width = integer(given, 'width', file, native.width);
  const height = integer(given, 'height', file, native.height);
  for (const [side, value] of [
    ['width', width],
    ['height', height],
  ] as const) {
    if (value % multiple !== 0) {
      throw invalid(`${file}: defaults.${side} is ${value}. Accepted: multiples of ${multiple}.`);
    }
  }
  const guidanceScale = number(given, 'guidanceScale', fallback.guidanceScale);
  return {
    steps: integer(given, 'steps', file, fallback.steps),
    guidanceScale,
    scheduler: name as SchedulerName,
    width,
    height,
  };
}

function sampleSize(value: unknown): [number, number] {
  if (value === undefined || value === null) return [64, 64];
  const pair = Array.isArray(value) ? value : [value, value];
  const [height, width] = pair as unknown[];
  if (!isPositiveInteger(height) || !isPositiveInteger(width)) {
    throw invalid(
      `unet/config.json: sample_size is ${JSON.stringify(value)}. Accepted: a whole number of latent cells, or [height, width].`,
    );
  }
  return [height, width];
}

function crossAttention(value: unknown): number | null {
  const first = Array.isArray(value) ? value[0] : value;
  return isPositiveInteger(first) ? first : null;
}

function readObject(
  files: { readonly [relativePath: string]: string | undefined },
  path: string,
): JsonObject | undefined {
  const text = files[path];
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = parsePythonJson(text);
  } catch (cause) {
    throw new AppError('invalid-model', `${path} is not valid JSON: ${(cause as Error).message}`, { cause });
  }
  if (!isObject(value)) throw invalid(`${path} holds no JSON object.`);
  return value;
}

function integer(object: JsonObject, key: string, file: string, fallback: number): number {
  return optionalInteger(object, key, file) ?? fallback;
}

function optionalInteger(object: JsonObject, key: string, file: string): number | null {
  const value = object[key];
  if (value === undefined || value === null) return null;
  if (!isPositiveInteger(value)) {
    throw invalid(`${file}: ${key} is ${JSON.stringify(value)}. Accepted: a whole number of 1 or more.`);
  }
  return value;
}

function number(object: JsonObject, key: string, fallback: number): number {
  const value = object[key];
  if (value === undefined || value === null) return fallback;
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw invalid(`The model folder's ${key} is ${JSON.stringify(value)}. Accepted: a finite number.`);
  }
  return value;
}

function positive(object: JsonObject, key: string, fallback: number): number {
  const value = number(object, key, fallback);
  if (value <= 0) throw invalid(`The model folder's ${key} is ${value}. Accepted: a number above 0.`);
  return value;
}

function optionalString(object: JsonObject, key: string): string | null {
  const value = object[key];
  return typeof value === 'string' && value !== '' ? value : null;
}

function arrayLength(value: unknown): number | undefined {
  return Array.isArray(value) && value.length > 0 ? value.length : undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPositiveInteger(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1;
}

function invalid(message: string): AppError {
  return new AppError('invalid-model', message);
}
