import type { FrameSpec, TextSettings } from '../../../src-shared/model/frame-spec.ts';
import type { FrameNote, RenderHooks, RgbImage } from '../ports.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ModelDescription } from './model-description.ts';
import type { PromptTokens } from './prompt-tokens.ts';

/** Text of one frame, evaluated: [1, tokens, width] each. */
export interface FrameConditioning {
  readonly prompt: Tensor;
  /** Null where classifier-free guidance is off. */
  readonly negative: Tensor | null;
}

export interface SampleInput {
  readonly spec: FrameSpec;
  readonly conditioning: FrameConditioning;
  /** Decoded pictures by content hash; must have the frame's exact size. */
  readonly assets: Readonly<Record<string, RgbImage>>;
}

export interface Sample {
  /** Final latents [1, C, h, w], before the VAE decoder. */
  readonly latents: Tensor;
  readonly notes: readonly FrameNote[];
}

/** The stages of one model family; a frame is encode, sample, decode. */
export interface Pipeline {
  readonly model: ModelDescription;
  /** One prompt's embedding [1, tokens, width]; emphasis in brackets is applied. */
  encodePrompt(text: string, settings: TextSettings): Promise<Tensor>;
  /** What an artist should know about a prompt (what was cut off); needs no session. */
  promptNotes(text: string, settings: TextSettings): readonly FrameNote[];
  /** How each text encoder of the model reads a prompt; needs no session. */
  promptTokens(text: string, settings: TextSettings): readonly PromptTokens[];
  /** Whether the negative prompt takes part (classifier-free guidance is active). */
  usesNegative(spec: FrameSpec): boolean;
  /** Frames with equal keys can share a model batch. */
  batchKey(spec: FrameSpec): string;
  /** Denoises several frames in one model batch: they must have equal batch keys. One frame always works. */
  sample(inputs: readonly SampleInput[], hooks: RenderHooks): Promise<Sample[]>;
  decode(latents: Tensor): Promise<RgbImage>;
  /** Latents of a picture (the middle of their distribution); absent where the model has no encoder. */
  encode?(picture: RgbImage): Promise<Tensor>;
}
