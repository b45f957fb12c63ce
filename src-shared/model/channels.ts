import type { BlendMethod } from './frame-spec.ts';

/** One prompt of a weighted list. Weights may be negative; their sum must be positive (planning scales it to 1). */
export interface WeightedText {
  readonly text: string;
  readonly weight: number;
}
export type PromptValue = string | readonly WeightedText[];

/** One seed of a weighted list: the noises are mixed with their variance kept, so any scale means the same. */
export interface WeightedSeed {
  readonly seed: number;
  /** > 0. */
  readonly weight: number;
}
export type SeedValue = number | readonly WeightedSeed[];

/** One picture, or one text that the prior imagines a picture for, of a fuse. Weights are taken as they stand. */
export type WeightedImage =
  { readonly asset: string; readonly weight: number } | { readonly text: string; readonly weight: number };

/**
 * The values that a keyframe (or a grid's corner) can set. Pictures are named by the SHA-256 of their bytes (64
 * lower-case hex digits) or, in JSON documents, by a path relative to the document.
 */
export interface ChannelValues {
  readonly prompt: PromptValue;
  readonly negativePrompt: PromptValue;
  /** Starting noise. Default 0. */
  readonly seed: SeedValue;
  /** Image conditions, for models that take them. */
  readonly images: readonly WeightedImage[];
  /** The picture that image to image starts from; null ends it. */
  readonly initImage: string | null;
  /** How much of the initial picture is replaced, 0..1. Default 0.8. */
  readonly strength: number;
  /** Inpainting: white repaints; null ends it. */
  readonly mask: string | null;
  readonly guidanceScale: number;
  /** Step walk: added to every component of both text embeddings. Default 0. */
  readonly embeddingOffset: number;
  /** Circular walk, in turns. Default 0. */
  readonly noiseOrbit: number;
  readonly steps: number;
}
export type ChannelName = keyof ChannelValues;

/**
 * How a channel moves between two keyframes: `text` and `noise` by the document's interpolation, `number` along
 * the straight line, `held` not at all (the earlier keyframe's value stays until the next one).
 */
export type ChannelKind = 'text' | 'noise' | 'number' | 'held';

export interface ChannelInfo {
  readonly kind: ChannelKind;
  readonly label: string;
  /** Smallest and largest number, both accepted. */
  readonly range?: readonly [min: number, max: number];
}

/** The channels, in the order in which a timeline shows them. */
export const CHANNELS = {
  prompt: { kind: 'text', label: 'Prompt' },
  negativePrompt: { kind: 'text', label: 'Negative prompt' },
  seed: { kind: 'noise', label: 'Seed', range: [0, Number.MAX_SAFE_INTEGER] },
  images: { kind: 'held', label: 'Images' },
  initImage: { kind: 'held', label: 'Initial image' },
  strength: { kind: 'number', label: 'Strength', range: [0, 1] },
  mask: { kind: 'held', label: 'Mask' },
  guidanceScale: { kind: 'number', label: 'Guidance scale', range: [0, 100] },
  embeddingOffset: { kind: 'number', label: 'Embedding offset', range: [-100, 100] },
  noiseOrbit: { kind: 'number', label: 'Noise orbit (turns)', range: [-1000, 1000] },
  steps: { kind: 'held', label: 'Steps', range: [1, 1000] },
} as const satisfies Record<ChannelName, ChannelInfo>;

export const CHANNEL_NAMES = Object.keys(CHANNELS) as readonly ChannelName[];

/** Ways to interpolate text embeddings; `spline` passes through all keys with a continuous velocity. */
export const PROMPT_METHODS = [
  'lerp',
  'nlerp',
  'slerp',
  'slerp-tokens',
  'spline',
] as const satisfies readonly (BlendMethod | 'spline')[];
export type PromptMethod = (typeof PROMPT_METHODS)[number];

export const SEED_METHODS = ['slerp', 'lerp'] as const;
export type SeedMethod = (typeof SEED_METHODS)[number];

/** Values of the channels that no keyframe sets; guidance scale and steps come from the sampler settings. */
export const CHANNEL_DEFAULTS = {
  negativePrompt: '',
  seed: 0,
  initImage: null,
  strength: 0.8,
  mask: null,
  embeddingOffset: 0,
  noiseOrbit: 0,
} as const satisfies Partial<ChannelValues>;
