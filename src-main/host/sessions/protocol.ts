import { AppError, type ErrorCode, messageOf } from '../../../src-shared/kernel/errors.ts';
import type { ClipEmbeddings } from '../../engine/clip/clip.ts';
import type { Observation } from '../../engine/observe-frame.ts';
import type {
  FrameRequest,
  FrameResult,
  RgbImage,
  StepPreview,
  StepProgress,
  TensorInfo,
} from '../../engine/ports.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';
import type { ProviderName } from './session-options.ts';
import type { SessionOpened } from './session-pool.ts';

/**
 * What the host and its engine process say to each other. Every request has an id and gets exactly one `done` or
 * `failed` with it; the engine process works on one request at a time.
 */
export type ToEngine =
  | { readonly type: 'configure'; readonly settings: EngineSettings }
  | { readonly type: 'model'; readonly model: LoadedModel }
  | {
      readonly type: 'render';
      readonly id: number;
      readonly folder: string;
      readonly provider: ProviderName;
      /** Frames of one model batch. */
      readonly requests: readonly FrameRequest[];
      /** Whether `preview` messages are wanted. */
      readonly previews: boolean;
    }
  | {
      readonly type: 'inspect';
      readonly id: number;
      readonly folder: string;
      readonly components: readonly string[];
    }
  /** Starts a frame that is watched; answers with its first observation. Another one that is open ends. */
  | {
      readonly type: 'observe';
      readonly id: number;
      readonly observation: string;
      readonly folder: string;
      readonly provider: ProviderName;
      readonly request: FrameRequest;
    }
  /** The loop goes on to the next observation. */
  | { readonly type: 'observeNext'; readonly id: number; readonly observation: string }
  | { readonly type: 'observeEnd'; readonly id: number; readonly observation: string }
  /** Latents [1, C, h, w] through the VAE decoder. */
  | {
      readonly type: 'decode';
      readonly id: number;
      readonly folder: string;
      readonly provider: ProviderName;
      readonly latents: Tensor;
    }
  /** Texts and pictures through the encoders of a CLIP folder. */
  | {
      readonly type: 'embed';
      readonly id: number;
      readonly folder: string;
      readonly provider: ProviderName;
      readonly texts: readonly string[];
      readonly pictures: readonly RgbImage[];
    }
  | { readonly type: 'release'; readonly id: number }
  | { readonly type: 'cancel'; readonly id: number };

export type FromEngine =
  | { readonly type: 'ready' }
  | ({ readonly type: 'step'; readonly id: number } & StepProgress)
  /** Of the first frame of the request. */
  | ({ readonly type: 'preview'; readonly id: number } & StepPreview)
  | {
      readonly type: 'done';
      readonly id: number;
      readonly result:
        readonly FrameResult[] | ModelInspection | Observation | RgbImage | ClipEmbeddings | null;
    }
  | { readonly type: 'failed'; readonly id: number; readonly error: WireError }
  | { readonly type: 'opened'; readonly opened: SessionOpened };

export interface EngineSettings {
  readonly threads: number;
  /** Bytes; see SessionPoolOptions. */
  readonly memoryBytes: number;
  /** Folder for optimised graphs; null turns the cache off. */
  readonly graphCacheFolder: string | null;
  /** CPU model and flags, part of the graph cache's keys. */
  readonly cpu: string;
}

/** A model folder as the engine process needs it: it reads only the ONNX files itself. */
export interface LoadedModel {
  /** Absolute path. */
  readonly folder: string;
  readonly fingerprint: string;
  /** Texts of its JSON and text files by path relative to the folder, with forward slashes. */
  readonly files: Readonly<Record<string, string>>;
}

/** Inputs and outputs of components, or why one cannot be opened. */
export type ModelInspection = Readonly<Record<string, ComponentInspection>>;
export type ComponentInspection =
  | { readonly inputs: readonly TensorInfo[]; readonly outputs: readonly TensorInfo[] }
  | { readonly error: string };

/** An error on its way through a process boundary, where classes do not survive. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly stack: string | undefined;
}

export function toWire(error: unknown): WireError {
  const stack = error instanceof Error ? error.stack : undefined;
  if (error instanceof AppError) return { code: error.code, message: error.message, data: error.data, stack };
  const message = messageOf(error);
  return { code: 'engine-failed', message: `The engine failed: ${message}`, data: {}, stack };
}

export function fromWire(wire: WireError): AppError {
  const error = new AppError(wire.code, wire.message, { data: { ...wire.data } });
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}
