import type { ModelDefaults } from '../../../src-shared/model/frame-state.ts';
import type { SchedulerName } from '../../../src-shared/model/frame-spec.ts';
import type { SchedulerConfig } from '../schedulers/scheduler.ts';

/** What every family says of a model folder. Pure data; sizes in pixels unless said. */
export interface ModelDescription {
  /** Name of the family that reads the folder. */
  readonly family: string;
  /** `_class_name` of model_index.json. */
  readonly className: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly license: string | null;
  /** Tokens of one run of the text encoder, start and end included; null where only session and tokenizer know. */
  readonly contextLength: number | null;
  /** How a mask is used: not at all, by blending latents at every step, or as extra input channels. */
  readonly inpainting: 'none' | 'blend' | 'channels';
  readonly imageToImage: boolean;
  readonly scheduler: { readonly name: SchedulerName; readonly config: SchedulerConfig };
  /** The size the model was trained at. */
  readonly nativeSize: { readonly width: number; readonly height: number };
  /** Width and height must be multiples of this; the original Kandinsky samplers take any size and crop. */
  readonly sizeMultiple: number;
  readonly defaults: ModelDefaults;
}
