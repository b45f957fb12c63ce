import type { SessionSource } from '../ports.ts';
import { createTokenizer, TOKENIZER_FILES } from '../tokenizers/create-tokenizer.ts';
import { describeModel } from './model-description.ts';
import type { Pipeline } from './pipeline.ts';
import { createStableDiffusion } from './stable-diffusion.ts';

/** Folders of a model that may hold a `model.onnx`. */
export const COMPONENTS = ['text_encoder', 'unet', 'vae_decoder', 'vae_encoder'] as const;

/** Paths, relative to the model folder, of the text files that {@link createPipeline} reads where they exist. */
export const MODEL_FILES: readonly string[] = [
  'model_index.json',
  'inbetween.json',
  'scheduler/scheduler_config.json',
  'text_encoder/config.json',
  'unet/config.json',
  'vae/config.json',
  'vae_decoder/config.json',
  'vae_encoder/config.json',
  ...TOKENIZER_FILES.map((name) => `tokenizer/${name}`),
];

/**
 * The pipeline of a model folder. `files` holds the texts of {@link MODEL_FILES} by path; no session is opened yet.
 * @throws {AppError} `invalid-model` for a folder that is incomplete, damaged or of another family.
 */
export function createPipeline(
  source: SessionSource,
  files: { readonly [relativePath: string]: string | undefined },
): Pipeline {
  const model = describeModel(files, Object.fromEntries(COMPONENTS.map((name) => [name, source.has(name)])));
  const tokenizerFiles = Object.fromEntries(
    TOKENIZER_FILES.map((name) => [name, files[`tokenizer/${name}`]]),
  );
  const { contextLength } = model.text;
  const tokenizer = createTokenizer(
    tokenizerFiles,
    contextLength === null ? {} : { defaultContextLength: contextLength },
  );
  return createStableDiffusion(source, model, tokenizer);
}
