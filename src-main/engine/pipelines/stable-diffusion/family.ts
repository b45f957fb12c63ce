import type { SessionSource } from '../../ports.ts';
import { createTokenizer } from '../../tokenizers/create-tokenizer.ts';
import type { Family, FamilyModel } from '../family.ts';
import type { FolderContent } from '../folder-json.ts';
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
const XL_CLASS = /^(?:ORT)?StableDiffusionXL(?:Img2Img|Inpaint)?Pipeline$/;

const WITHOUT_ENCODER = { vae_encoder: 'images and masks cannot be used' };

/** Stable Diffusion 1.x and 2.x, SD-Turbo, inpainting models, and latent consistency models distilled from them. */
export const STABLE_DIFFUSION: Family = {
  classNames:
    'StableDiffusionPipeline, StableDiffusionImg2ImgPipeline, StableDiffusionInpaintPipeline, LatentConsistencyModelPipeline, and the same with the prefix Onnx or ORT',
  reads: (className) => CLASS.test(className) || className === EARLY_ONNX,
  layout: () => ({
    required: ['text_encoder', 'unet', 'vae_decoder'],
    optional: WITHOUT_ENCODER,
    tokenizers: ['tokenizer'],
  }),
  read,
};

/** Stable Diffusion XL, SDXL-Turbo, its inpainting models and its refiner, which has the second text encoder alone. */
export const STABLE_DIFFUSION_XL: Family = {
  classNames:
    'StableDiffusionXLPipeline, StableDiffusionXLImg2ImgPipeline, StableDiffusionXLInpaintPipeline, and the same with the prefix ORT',
  reads: (className) => XL_CLASS.test(className),
  layout: ({ files, components }) => {
    const isRefiner =
      components['text_encoder'] !== true && files['tokenizer/tokenizer_config.json'] === undefined;
    const encoders = isRefiner ? ['text_encoder_2'] : ['text_encoder', 'text_encoder_2'];
    return {
      required: [...encoders, 'unet', 'vae_decoder'],
      optional: WITHOUT_ENCODER,
      tokenizers: isRefiner ? ['tokenizer_2'] : ['tokenizer', 'tokenizer_2'],
    };
  },
  read,
};

function read(folder: FolderContent): FamilyModel {
  const model = describeStableDiffusion(folder);
  return {
    description: model,
    encodingKeys: (spec) => encodingKeys(model, spec),
    batchKey: (spec) => batchKey(model, spec),
    createPipeline(source: SessionSource) {
      const tokenizers = model.encoders.map(({ tokenizer, contextLength }) =>
        createTokenizer(
          tokenizerFilesOf(folder.files, tokenizer),
          contextLength === null ? {} : { defaultContextLength: contextLength },
        ),
      );
      return createStableDiffusion(source, model, tokenizers);
    },
  };
}
