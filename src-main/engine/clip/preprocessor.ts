import {
  type FolderContent,
  isPositiveInteger,
  type JsonObject,
  readObject,
} from '../pipelines/folder-json.ts';

/** CLIP's way of looking at a picture: shorter side scaled to `resize`, the middle `crop` pixels, normalised. */
export interface PicturePreprocessor {
  readonly resize: number;
  readonly crop: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Of OpenAI's CLIP. */
const CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073];
const CLIP_STD = [0.26862954, 0.26130258, 0.27577711];

/**
 * What a preprocessor_config.json says, as transformers reads it.
 * @param size pixels of the square that the encoder takes, where the file says nothing
 */
export function readPreprocessor(
  files: FolderContent['files'],
  path: string,
  size: number,
): PicturePreprocessor {
  const config = readObject(files, path) ?? {};
  const side = (value: unknown, keys: readonly string[]): number => {
    if (isPositiveInteger(value)) return value;
    const found = keys.map((key) => (value as JsonObject | null | undefined)?.[key]).find(isPositiveInteger);
    return found ?? size;
  };
  const three = (value: unknown, fallback: readonly number[]): readonly number[] =>
    Array.isArray(value) && value.length === 3 && value.every(Number.isFinite)
      ? (value as number[])
      : fallback;
  return {
    resize: side(config['size'], ['shortest_edge', 'height']),
    crop: side(config['crop_size'], ['height', 'width']),
    mean: three(config['image_mean'], CLIP_MEAN),
    std: three(config['image_std'], CLIP_STD),
  };
}
