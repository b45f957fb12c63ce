import type { TensorInfo } from '../../../engine/ports.ts';
import type { Report } from '../check.ts';
import { configNumber, expectSize, FLOAT, finder, type Inspected, size, WHOLE } from './expectations.ts';

/** Stable Diffusion's components: sizes come from the graphs and, where those leave them free, from the configurations. */
export function checkStableDiffusion(inspected: Inspected, report: Report): void {
  const expectComponent = finder(inspected, report);
  const config = (path: string, key: string) => configNumber(inspected.texts, path, key);
  const text = expectComponent('text_encoder', {
    inputs: [{ names: ['input_ids'], ranks: [2], types: WHOLE }],
    optional: ['attention_mask', 'position_ids'],
    outputs: [
      { names: ['last_hidden_state', 'encoder_hidden_states', 'hidden_states'], ranks: [3], types: FLOAT },
    ],
  });
  const unet = expectComponent('unet', {
    inputs: [
      { names: ['sample'], ranks: [4], types: FLOAT },
      { names: ['timestep'], ranks: [0, 1], types: [...WHOLE, ...FLOAT] },
      { names: ['encoder_hidden_states'], ranks: [3], types: FLOAT },
    ],
    optional: ['timestep_cond'],
    outputs: [{ names: ['out_sample', 'sample'], ranks: [4], types: FLOAT }],
  });
  const decoder = expectComponent('vae_decoder', {
    inputs: [{ names: ['latent_sample', 'latent'], ranks: [4], types: FLOAT }],
    optional: [],
    outputs: [{ names: ['sample'], ranks: [4], types: FLOAT }],
  });
  const encoder = expectComponent('vae_encoder', {
    inputs: [{ names: ['sample'], ranks: [4], types: FLOAT }],
    optional: [],
    outputs: [{ names: ['latent_sample', 'latent_parameters'], ranks: [4], types: FLOAT }],
  });

  const hidden = size(text?.outputs[0], 2) ?? config('text_encoder/config.json', 'hidden_size');
  const cross = size(unet?.inputs[2], 2) ?? config('unet/config.json', 'cross_attention_dim');
  if (hidden !== undefined && cross !== undefined && hidden !== cross) {
    report(
      'error',
      'unet/model.onnx',
      `The U-Net's cross-attention takes text embeddings ${cross} wide, but the text encoder's are ${hidden} wide: they are of different models.`,
    );
  }
  const latents = size(decoder?.inputs[0], 1) ?? config('vae_decoder/config.json', 'latent_channels');
  const taken = size(unet?.inputs[0], 1) ?? config('unet/config.json', 'in_channels');
  if (latents !== undefined && taken !== undefined && taken !== latents && taken !== 2 * latents + 1) {
    report(
      'error',
      'unet/model.onnx',
      `The U-Net takes ${taken} latent channels, but the VAE decoder has ${latents}. Accepted: ${latents}, or ${2 * latents + 1} for inpainting.`,
    );
  }
  const given = size(unet?.outputs[0], 1) ?? config('unet/config.json', 'out_channels');
  if (latents !== undefined && given !== undefined && given !== latents) {
    report(
      'error',
      'unet/model.onnx',
      `The U-Net predicts ${given} latent channels, but the VAE decoder takes ${latents}.`,
    );
  }
  expectSize(decoder?.outputs[0], 1, [3], 'vae_decoder', 'colour channels', report);
  expectSize(encoder?.inputs[0], 1, [3], 'vae_encoder', 'colour channels', report);
  if (latents !== undefined) {
    // Some exports give the posterior's mean and logarithm of the variance instead of a sample.
    expectSize(encoder?.outputs[0], 1, [latents, 2 * latents], 'vae_encoder', 'latent channels', report);
  }
  checkConfig(text?.inputs[0], 1, config('text_encoder/config.json', 'max_position_embeddings'), report);
}

function checkConfig(
  info: TensorInfo | undefined,
  axis: number,
  configured: number | undefined,
  report: Report,
): void {
  const found = size(info, axis);
  if (found === undefined || configured === undefined || found === configured) return;
  report(
    'error',
    'text_encoder/config.json',
    `text_encoder/config.json says max_position_embeddings ${configured}, but its graph takes ${found} tokens.`,
  );
}
