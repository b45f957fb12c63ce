import { createTokenizer } from '../../tokenizers/create-tokenizer.ts';
import type { Tokenizer } from '../../tokenizers/tokenizer.ts';
import type { Family } from '../family.ts';
import { readObject } from '../folder-json.ts';
import { tokenizerFilesOf } from '../folder-tokenizer.ts';
import { encodingKeys } from './conditions.ts';
import { describeKandinsky, type KandinskyModel, requiredGraphs } from './description.ts';
import { batchKey, createKandinsky } from './pipeline.ts';
import { CONTEXT_LENGTH } from './text.ts';

const TASKS = ['', 'Img2Img', 'Inpaint'];

interface Release {
  readonly version: KandinskyModel['version'];
  readonly classNames: readonly string[];
  /** Folders of the tokenizers by the text encoders that tell the decoder. */
  readonly decoder: Readonly<Record<string, string>>;
}

function family({ version, classNames, decoder }: Release): Family {
  const hasPrior = version !== '2.0';
  return {
    classNames: classNames.join(', '),
    reads: (className) => classNames.includes(className),
    layout: () => ({
      required: requiredGraphs(version),
      optional: {
        vae_encoder: 'initial pictures and masks cannot be used',
        ...(hasPrior ? { prior_image_encoder: 'pictures cannot be conditions' } : {}),
      },
      tokenizers: [...Object.values(decoder), ...(hasPrior ? ['prior_tokenizer'] : [])],
    }),
    read(folder) {
      const index = readObject(folder.files, 'model_index.json')!;
      const model = describeKandinsky(folder, String(index['_class_name']), version);
      const tokenizer = (name: string): Tokenizer =>
        createTokenizer(tokenizerFilesOf(folder.files, name), { defaultContextLength: CONTEXT_LENGTH });
      return {
        description: model,
        encodingKeys: (spec) => encodingKeys(model, spec),
        batchKey: (spec) => batchKey(model, spec),
        createPipeline: (source) =>
          createKandinsky(source, model, {
            decoder: Object.fromEntries(
              Object.entries(decoder).map(([encoder, name]) => [encoder, tokenizer(name)]),
            ),
            prior: hasPrior ? tokenizer('prior_tokenizer') : null,
          }),
      };
    },
  };
}

function diffusersNames(prefix: string): string[] {
  return TASKS.flatMap((task) => [`${prefix}${task}Pipeline`, `${prefix}${task}CombinedPipeline`]);
}

/** Kandinsky 2.0: two text encoders and no prior; the class name is our exporter's, diffusers has no such pipeline. */
export const KANDINSKY_2_0 = family({
  version: '2.0',
  classNames: ['Kandinsky20Pipeline'],
  decoder: { text_encoder: 'tokenizer', text_encoder_2: 'tokenizer_2' },
});
/** Kandinsky 2.1: the decoder is told the text and an image embedding. */
export const KANDINSKY_2_1 = family({
  version: '2.1',
  classNames: diffusersNames('Kandinsky'),
  decoder: { text_encoder: 'tokenizer' },
});
/** Kandinsky 2.2: the decoder is told an image embedding alone. */
export const KANDINSKY_2_2 = family({
  version: '2.2',
  classNames: diffusersNames('KandinskyV22'),
  decoder: {},
});
