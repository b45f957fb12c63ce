import type { FrameSpec } from '../../src-shared/model/frame-spec.ts';
import type { LoopObserver } from './loop-observer.ts';
import type { LearnedToken } from './embedding-files/read-embedding.ts';
import type { Tensor } from './tensor/tensor.ts';

/** Element types that the model folders of this field use. float16 travels as its bit pattern. */
export type ElementType = 'float32' | 'float16' | 'float64' | 'int64' | 'int32' | 'bool' | 'uint8' | 'int8';

export interface PortTensor {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data:
    Float32Array | Float64Array | Uint16Array | BigInt64Array | Int32Array | Uint8Array | Int8Array;
}

/** An input or output of a session; a dimension is a number, or a name where it is free. */
export interface TensorInfo {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly (number | string)[];
}

/** A loaded component (text encoder, U-Net, VAE decoder, ...). Whoever opened it releases it. */
export interface Session {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  run(feeds: Readonly<Record<string, PortTensor>>): Promise<Record<string, PortTensor>>;
}

/**
 * Opens the components of one model folder by folder name (`text_encoder`, `unet`, `vae_decoder`, ...) and may close
 * those that were used least recently to stay within its memory budget: ask again before every stage.
 */
export interface SessionSource {
  has(component: string): boolean;
  session(component: string): Promise<Session>;
}

/** 8-bit RGB, row-major, no padding: `data.length === width * height * 3`. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export interface FrameRequest {
  readonly spec: FrameSpec;
  /** Known prompt embeddings by embeddingKey. */
  readonly embeddings: Readonly<Record<string, Tensor>>;
  /** Decoded pictures by content hash: init images and masks (of a mask the brightness is used). */
  readonly assets: Readonly<Record<string, RgbImage>>;
  /** The learned words that the spec names, by the SHA-256 of their files. */
  readonly learned?: Readonly<Record<string, LearnedToken>>;
  /** Pictures as they are, by content hash: those that are conditions. */
  readonly wholeAssets?: Readonly<Record<string, RgbImage>>;
}

/** Something an artist should know about a frame; never silent. */
export interface FrameNote {
  readonly code:
    | 'prompt-truncated'
    | 'timestep-rounded'
    | 'timesteps-trimmed'
    | 'provider-fallback'
    | 'size-cropped'
    | 'setting-unused'
    | 'word-missing';
  readonly message: string;
}

export interface FrameResult {
  readonly image: RgbImage;
  /** Final latents before the VAE decoder, float32 [1, C, h, w]. */
  readonly latents: Tensor;
  /** Embeddings that were computed for this frame, by embeddingKey. */
  readonly embeddings: Readonly<Record<string, Tensor>>;
  readonly notes: readonly FrameNote[];
}

export interface StepProgress {
  /** Model evaluations done and planned for this frame. */
  readonly step: number;
  readonly steps: number;
}

/** A small picture of a frame that is not finished. */
export interface StepPreview extends StepProgress {
  readonly image: RgbImage;
}

/** Called between denoising steps. */
export interface RenderHooks {
  readonly signal?: AbortSignal;
  onStep?(progress: StepProgress): void;
  /** Told of everything inside the loop; without one nothing of it is computed besides. */
  readonly observer?: LoopObserver;
  /** Lets the process breathe (receive a cancel message) between steps. */
  yield?(): Promise<void>;
}
