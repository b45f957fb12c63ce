import { createTokenizer } from '../../tokenizers/create-tokenizer.ts';
import type { Family } from '../family.ts';
import { tokenizerFilesOf } from '../folder-tokenizer.ts';
import { batchKey } from './batch-key.ts';
import { encodingKeys } from './conditioning.ts';
import { describeStableDiffusion } from './description.ts';
import { createStableDiffusion } from './pipeline.ts';

/** Class names end in "Pipeline"; the prefix names the runtime that the folder was written for. */
const CLASS =
  /^(?:Onnx|ORT)?(?:StableDiffusion|LatentConsistencyModel)(?:Img2Img|Inpaint)?Pipeline(?:Legacy)?$/;
/** Name that early diffusers releases gave to the ONNX pipeline. */
const EARLY_ONNX = 'StableDiffusionOnnxPipeline';

/** Stable Diffusion 1.x and 2.x, SD-Turbo, inpainting models, and latent consistency models distilled from them. */
export const STABLE_DIFFUSION: Family = {
  classNames:
    'StableDiffusionPipeline, StableDiffusionImg2ImgPipeline, StableDiffusionInpaintPipeline, LatentConsistencyModelPipeline, and the same with the prefix Onnx or ORT',
  reads: (className) => CLASS.test(className) || className === EARLY_ONNX,
  layout: {
    required: ['text_encoder', 'unet', 'vae_decoder'],
    optional: { vae_encoder: 'images and masks cannot be used' },
    tokenizers: ['tokenizer'],
  },
  read(folder) {
    const model = describeStableDiffusion(folder);
    return {
      description: model,
      encodingKeys,
      batchKey: (spec) => batchKey(model, spec),
      createPipeline(source) {
        const { contextLength } = model.text;
        const tokenizer = createTokenizer(
          tokenizerFilesOf(folder.files, 'tokenizer'),
          contextLength === null ? {} : { defaultContextLength: contextLength },
        );
        return createStableDiffusion(source, model, tokenizer);
      },
    };
  },
};
