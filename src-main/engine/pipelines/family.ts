import type { FrameSpec } from '../../../src-shared/model/frame-spec.ts';
import type { SessionSource } from '../ports.ts';
import type { FolderContent } from './folder-json.ts';
import type { ModelDescription } from './model-description.ts';
import type { Pipeline } from './pipeline.ts';

/** Which folders of a model folder a family opens; for the check before loading. */
export interface FolderLayout {
  /** Folders that must hold a model.onnx. */
  readonly required: readonly string[];
  /** Folders that may hold one, and what is not possible without it. */
  readonly optional: { readonly [component: string]: string };
  /** Folders with a tokenizer each. */
  readonly tokenizers: readonly string[];
}

/** A model folder as its family reads it. Nothing here opens a session. */
export interface FamilyModel {
  readonly description: ModelDescription;
  /**
   * Keys of the encodings (of prompts, pictures, ...) that the frame's conditioning is made from, so that stored ones
   * can be handed to the engine. A key that is left out is computed anew.
   */
  encodingKeys(spec: FrameSpec): readonly string[];
  /** Frames with equal keys can share a model batch. */
  batchKey(spec: FrameSpec): string;
  /** @throws {AppError} `invalid-model` for tokenizer files that make no tokenizer */
  createPipeline(source: SessionSource): Pipeline;
}

/** One kind of pipeline; families.ts lists them all. */
export interface Family {
  /** Class names that the family reads, for messages. */
  readonly classNames: string;
  /** Whether it reads folders whose model_index.json has this `_class_name`. */
  reads(className: string): boolean;
  /** What the folder should hold, judged by what is there. */
  layout(folder: FolderContent): FolderLayout;
  /** @throws {AppError} `invalid-model` naming every missing file, or a value that makes no sense */
  read(folder: FolderContent): FamilyModel;
}
