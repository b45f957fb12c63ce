import { embeddingKey, textsOf } from '../../../../src-shared/model/frame-spec.ts';
import type { Family } from '../family.ts';
import { batchKeyOf } from './batch-key.ts';
import { describeClassConditional } from './description.ts';
import { createClassConditional } from './pipeline.ts';

/** Class-conditional diffusion on pixels: no text, no autoencoder. A prompt is the name of a class. */
export const CLASS_CONDITIONAL: Family = {
  classNames: 'ClassConditionedUnet',
  reads: (className) => className === 'ClassConditionedUnet',
  layout: () => ({ required: ['class_embedding', 'unet'], optional: {}, tokenizers: [] }),
  read(folder) {
    const model = describeClassConditional(folder);
    return {
      description: model,
      encodingKeys: (spec) => textsOf(spec.prompt).map((text) => embeddingKey(spec.model, text, spec.text)),
      batchKey: batchKeyOf,
      createPipeline: (source) => createClassConditional(source, model),
    };
  },
};
