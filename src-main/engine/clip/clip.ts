import { AppError, throwIfCancelled } from '../../../src-shared/kernel/errors.ts';
import type { FolderContent } from '../pipelines/folder-json.ts';
import { tokenizerFilesOf } from '../pipelines/folder-tokenizer.ts';
import { fromPort, requireFinite, requireTensor, runSession, toPort } from '../pipelines/session-io.ts';
import type { RenderHooks, RgbImage, SessionSource } from '../ports.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { createTokenizer } from '../tokenizers/create-tokenizer.ts';
import { clipPicture } from './clip-picture.ts';
import { CLIP_LAYOUT, CLIP_TOKENIZER, describeClip, TEXT_MODEL, VISION_MODEL } from './description.ts';

/** Embeddings as the encoders give them, one row each, not normalised. */
export interface ClipEmbeddings {
  /** [texts, width] */
  readonly texts: Tensor;
  /** [pictures, width] */
  readonly pictures: Tensor;
  /** The ends of texts that were too long to be read, by their number. */
  readonly cut: Readonly<Record<number, string>>;
}

export interface Clip {
  embed(
    texts: readonly string[],
    pictures: readonly RgbImage[],
    hooks?: Pick<RenderHooks, 'signal' | 'yield'>,
  ): Promise<ClipEmbeddings>;
}

/** Texts of one run: captions are short. */
const TEXT_BATCH = 32;

/**
 * A CLIP folder ready to embed. No session is opened yet.
 * @throws {AppError} `invalid-model`, see {@link describeClip}, and for files that make no tokenizer
 */
export function createClip(source: SessionSource, files: FolderContent['files']): Clip {
  const components = Object.fromEntries(CLIP_LAYOUT.required.map((name) => [name, source.has(name)]));
  const { contextLength, preprocessor } = describeClip({ files, components });
  const tokenizer = createTokenizer(tokenizerFilesOf(files, CLIP_TOKENIZER));

  const embedTexts = async (texts: readonly string[], cut: Record<number, string>, first: number) => {
    const session = await source.session(TEXT_MODEL);
    const ids = requireTensor(TEXT_MODEL, 'input', session.inputs, ['input_ids']);
    const mask = session.inputs.find(({ name }) => name === 'attention_mask');
    const output = requireTensor(TEXT_MODEL, 'output', session.outputs, ['text_embeds'], [2]);
    const read = texts.map((text) => tokenizer.encodeFixed(text, contextLength));
    for (const [i, { truncated }] of read.entries()) if (truncated !== null) cut[first + i] = truncated;
    const dims = [texts.length, contextLength];
    const feeds = {
      [ids.name]: toPort(
        ids,
        dims,
        read.flatMap((one) => one.ids),
      ),
    };
    if (mask !== undefined) {
      feeds[mask.name] = toPort(
        mask,
        dims,
        read.flatMap((one) => one.attentionMask),
      );
    }
    const results = await runSession(session, TEXT_MODEL, 'reading the texts', feeds);
    return fromPort(TEXT_MODEL, output.name, results[output.name]);
  };

  const embedPicture = async (picture: RgbImage) => {
    const session = await source.session(VISION_MODEL);
    const input = requireTensor(VISION_MODEL, 'input', session.inputs, ['pixel_values'], [4]);
    const output = requireTensor(VISION_MODEL, 'output', session.outputs, ['image_embeds'], [2]);
    const { dims, data } = clipPicture(picture, preprocessor);
    const results = await runSession(session, VISION_MODEL, 'looking at the picture', {
      [input.name]: toPort(input, dims, data),
    });
    return fromPort(VISION_MODEL, output.name, results[output.name]);
  };

  return {
    async embed(texts, pictures, hooks = {}) {
      const cut: Record<number, string> = {};
      const turn = async (): Promise<void> => {
        await hooks.yield?.();
        throwIfCancelled(hooks.signal, 'The comparison');
      };
      const textRows: Tensor[] = [];
      for (let at = 0; at < texts.length; at += TEXT_BATCH) {
        await turn();
        textRows.push(await embedTexts(texts.slice(at, at + TEXT_BATCH), cut, at));
      }
      const pictureRows: Tensor[] = [];
      for (const picture of pictures) {
        await turn();
        pictureRows.push(await embedPicture(picture));
      }
      return {
        texts: rows(textRows, 'The embedding of a text'),
        pictures: rows(pictureRows, 'The embedding of a picture'),
        cut,
      };
    },
  };
}

function rows(parts: readonly Tensor[], what: string): Tensor {
  const width = parts[0]?.dims[1] ?? 0;
  const count = parts.reduce((sum, { dims }) => sum + dims[0]!, 0);
  const data = new Float32Array(count * width);
  let at = 0;
  for (const part of parts) {
    if (part.dims[1] !== width) {
      throw new AppError('engine-failed', `${what} is ${part.dims[1]} wide, another one ${width}.`);
    }
    data.set(part.data, at);
    at += part.data.length;
  }
  requireFinite(data, what);
  return { dims: [count, width], data };
}
