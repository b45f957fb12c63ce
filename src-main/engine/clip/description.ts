import {
  type FolderContent,
  integer,
  invalidModel,
  number,
  optionalString,
  readObject,
} from '../pipelines/folder-json.ts';
import { type PicturePreprocessor, readPreprocessor } from './preprocessor.ts';

/** What a CLIP folder says about itself: two encoders whose embeddings of pictures and texts can be compared. */
export interface ClipDescription {
  readonly className: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly license: string | null;
  /** Tokens that the text encoder reads, start and end included. */
  readonly contextLength: number;
  readonly preprocessor: PicturePreprocessor;
  /** Cosines are multiplied by this before a softmax: e to the power of the learned `logit_scale`; CLIP's own is 100. */
  readonly logitScale: number;
}

export const TEXT_MODEL = 'text_model';
export const VISION_MODEL = 'vision_model';
export const CLIP_TOKENIZER = 'tokenizer';
const CLASS = 'CLIPModel';
const PREPROCESSOR = 'image_processor/preprocessor_config.json';
/** ln 100, where training ends. */
const LOGIT_SCALE = Math.log(100);

/** Which folders a CLIP folder must have. */
export const CLIP_LAYOUT = {
  required: [TEXT_MODEL, VISION_MODEL],
  optional: {},
  tokenizers: [CLIP_TOKENIZER],
} as const;

/** Whether a model_index.json is that of a CLIP folder; such a folder makes no pictures. */
export function isClipClass(className: unknown): boolean {
  return className === CLASS;
}

/** @throws {AppError} `invalid-model` naming every missing file, or a value that makes no sense */
export function describeClip({ files, components }: FolderContent): ClipDescription {
  const index = readObject(files, 'model_index.json') ?? {};
  if (!isClipClass(index['_class_name'])) {
    throw invalidModel(
      `model_index.json names the class ${JSON.stringify(index['_class_name'] ?? null)}. Accepted for comparing pictures with words: "${CLASS}".`,
    );
  }
  const configs = [TEXT_MODEL, VISION_MODEL].map((name) => `${name}/config.json`);
  const missing = [
    ...CLIP_LAYOUT.required.filter((name) => components[name] !== true).map((name) => `${name}/model.onnx`),
    ...[...configs, PREPROCESSOR].filter((path) => files[path] === undefined),
  ];
  if (missing.length > 0) throw invalidModel(`The model folder lacks ${missing.join(', ')}.`);
  const card = readObject(files, 'inbetween.json') ?? {};
  const [text, vision] = configs.map((path) => readObject(files, path) ?? {});
  return {
    className: CLASS,
    title: optionalString(card, 'title'),
    description: optionalString(card, 'description'),
    license: optionalString(card, 'license'),
    contextLength: integer(text!, 'max_position_embeddings', configs[0]!, 77),
    preprocessor: readPreprocessor(files, PREPROCESSOR, integer(vision!, 'image_size', configs[1]!, 224)),
    logitScale: Math.exp(number(index, 'logit_scale', LOGIT_SCALE)),
  };
}
