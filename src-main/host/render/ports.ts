import type { FrameSpec } from '../../../src-shared/model/frame-spec.ts';
import type { PictureSize } from '../../engine/frame-pictures.ts';
import type { FrameRequest, FrameResult, RgbImage, StepPreview, StepProgress } from '../../engine/ports.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';

/** What one finished frame leaves in the cache; stored in one transaction, so it is there whole or not at all. */
export interface FinishedFrame {
  readonly frameKey: string;
  readonly latentsKey: string;
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly latents: Tensor;
  readonly embeddings: Readonly<Record<string, Tensor>>;
  readonly costMs: number;
}

/** Where artifacts are kept. */
export interface FrameCache {
  hasFrames(keys: readonly string[]): ReadonlySet<string>;
  embedding(key: string): Tensor | undefined;
  put(frame: FinishedFrame): void;
}

export interface FrameHooks {
  readonly signal?: AbortSignal;
  onStep?(progress: StepProgress): void;
  /** Of the first frame of a batch; without it no previews are made. */
  onPreview?(preview: StepPreview): void;
}

/** Who computes frames. Requests may overlap; they are answered in the order they were made. */
export interface FrameEngine {
  /** Frames that are worth computing together: 1 on a CPU, which gains nothing from batches, more on a GPU. */
  batchSize(): Promise<number>;
  /** Frames with equal keys can share a batch. */
  batchKey(spec: FrameSpec): string;
  /** Keys of the encodings that a frame is made from; stored ones go with the request. */
  encodingKeys(spec: FrameSpec): readonly string[];
  /** One result a request, in order. */
  render(requests: readonly FrameRequest[], hooks: FrameHooks): Promise<readonly FrameResult[]>;
}

export interface RenderPorts {
  readonly cache: FrameCache;
  readonly engine: FrameEngine;
  /** Pixels of an asset, by content hash. */
  asset(hash: string, size: PictureSize): Promise<RgbImage>;
  /** Milliseconds. */
  clock(): number;
}
