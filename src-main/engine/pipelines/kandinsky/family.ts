import { createTokenizer } from '../../tokenizers/create-tokenizer.ts';
import type { Tokenizer } from '../../tokenizers/tokenizer.ts';
import type { Family } from '../family.ts';
import { readObject } from '../folder-json.ts';
import { tokenizerFilesOf } from '../folder-tokenizer.ts';
import { encodingKeys } from './conditions.ts';
import { describeKandinsky, REQUIRED } from './description.ts';
import { batchKey, createKandinsky } from './pipeline.ts';
import { CONTEXT_LENGTH } from './text.ts';

const TASKS = '(?:Img2Img|Inpaint)?(?:Combined)?Pipeline';
const CLASS = new RegExp(`^Kandinsky${TASKS}$`);
const CLASS_2_2 = new RegExp(`^KandinskyV22${TASKS}$`);

function family(second: boolean): Family {
  const prefix = second ? 'KandinskyV22' : 'Kandinsky';
  return {
    classNames: ['', 'Img2Img', 'Inpaint']
      .flatMap((task) => [`${prefix}${task}Pipeline`, `${prefix}${task}CombinedPipeline`])
      .join(', '),
    reads: (className) => (second ? CLASS_2_2 : CLASS).test(className),
    layout: () => ({
      required: second ? REQUIRED : ['text_encoder', ...REQUIRED],
      optional: {
        vae_encoder: 'initial pictures and masks cannot be used',
        prior_image_encoder: 'pictures cannot be conditions',
      },
      tokenizers: second ? ['prior_tokenizer'] : ['tokenizer', 'prior_tokenizer'],
    }),
    read(folder) {
      const index = readObject(folder.files, 'model_index.json')!;
      const model = describeKandinsky(folder, String(index['_class_name']));
      const tokenizer = (name: string): Tokenizer =>
        createTokenizer(tokenizerFilesOf(folder.files, name), { defaultContextLength: CONTEXT_LENGTH });
      return {
        description: model,
        encodingKeys: (spec) => encodingKeys(model, spec),
        batchKey,
        createPipeline: (source) =>
          createKandinsky(source, model, {
            decoder: second ? null : tokenizer('tokenizer'),
            prior: tokenizer('prior_tokenizer'),
          }),
      };
    },
  };
}

/** Kandinsky 2.1: the decoder is told the text and an image embedding. */
export const KANDINSKY_2_1 = family(false);
/** Kandinsky 2.2: the decoder is told an image embedding alone. */
export const KANDINSKY_2_2 = family(true);
