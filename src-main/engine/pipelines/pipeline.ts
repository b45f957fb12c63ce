import type { FrameSpec, TextSettings } from '../../../src-shared/model/frame-spec.ts';
import type { FrameNote, RenderHooks, RgbImage } from '../ports.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { LearnedToken } from '../embedding-files/read-embedding.ts';
import type { Encodings } from './encodings.ts';
import type { ModelDescription } from './model-description.ts';
import type { PromptTokens } from './prompt-tokens.ts';

/** One frame to be made. */
export interface FrameInput {
  readonly spec: FrameSpec;
  /** Decoded pictures by content hash; must have the frame's exact size. */
  readonly assets: Readonly<Record<string, RgbImage>>;
  /** The learned words that the spec names, by the SHA-256 of their files. */
  readonly learned?: Readonly<Record<string, LearnedToken>>;
  /** Pictures as they are, by content hash: those that are conditions. */
  readonly wholeAssets?: Readonly<Record<string, RgbImage>>;
  /** Stored encodings, and where new ones go. */
  readonly encodings: Encodings;
}

/** Text of one frame, evaluated: [1, tokens, width] each. */
export interface FrameConditioning {
  readonly prompt: Tensor;
  /** Null where classifier-free guidance is off. */
  readonly negative: Tensor | null;
  /** Vectors [1, width] for whole prompts, of models with added conditioning. */
  readonly pooled?: { readonly prompt: Tensor; readonly negative: Tensor | null };
}

export interface Sample {
  /** Final latents [1, C, h, w], before they are decoded. */
  readonly latents: Tensor;
  readonly notes: readonly FrameNote[];
}

/** A model folder ready to render: a frame is encoded and sampled, then decoded. */
export interface Pipeline {
  readonly model: ModelDescription;
  /** How each text encoder of the model reads a prompt; needs no session. */
  promptTokens(text: string, settings: TextSettings): readonly PromptTokens[];
  /** Frames with equal keys can share a model batch. */
  batchKey(spec: FrameSpec): string;
  /**
   * Encodes the frames' conditions and denoises them in one model batch: they must have equal batch keys. One frame
   * always works.
   */
  sample(frames: readonly FrameInput[], hooks: RenderHooks): Promise<Sample[]>;
  /** `spec`: the frame that they are of; without it they are decoded whole and at once. */
  decode(latents: Tensor, spec?: FrameSpec): Promise<RgbImage>;
  /** Latents of a picture (the middle of their distribution); absent where the model has no encoder. */
  encode?(picture: RgbImage): Promise<Tensor>;
}
