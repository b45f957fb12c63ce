import type { TensorInfo } from '../../../engine/ports.ts';
import type { Report } from '../check.ts';
import {
  configNumber,
  type Expected,
  expectSize,
  FLOAT,
  finder,
  type Found,
  type Inspected,
  size,
  WHOLE,
} from './expectations.ts';

const floats = (name: string, rank: number): Expected => ({ names: [name], ranks: [rank], types: FLOAT });
const ids: Expected = { names: ['input_ids'], ranks: [2], types: WHOLE };
const MASK = ['attention_mask'];

/** Kandinsky 2.0: two text encoders tell the U-Net. */
export function checkKandinsky20(inspected: Inspected, report: Report): void {
  const expectComponent = finder(inspected, report);
  const first = expectComponent('text_encoder', textEncoder('text_embeds'));
  const second = expectComponent('text_encoder_2', textEncoder());
  const unet = expectUnet(inspected, report, [
    floats('encoder_hidden_states', 3),
    floats('text_embeds', 2),
    floats('encoder_hidden_states_2', 3),
  ]);
  checkCoder(inspected, report, unet);
  agree(report, unet, 2, 2, first?.outputs[0], 'text_encoder gives rows');
  agree(report, unet, 3, 1, first?.outputs[1], 'text_encoder gives pooled vectors');
  agree(report, unet, 4, 2, second?.outputs[0], 'text_encoder_2 gives rows');
}

/** Kandinsky 2.1: a text encoder and the prior's embedding of a picture. */
export function checkKandinsky21(inspected: Inspected, report: Report): void {
  const text = finder(inspected, report)('text_encoder', textEncoder('text_embeds'));
  const unet = expectUnet(inspected, report, [
    floats('encoder_hidden_states', 3),
    floats('text_embeds', 2),
    floats('image_embeds', 2),
  ]);
  checkCoder(inspected, report, unet);
  agree(report, unet, 2, 2, text?.outputs[0], 'text_encoder gives rows');
  agree(report, unet, 3, 1, text?.outputs[1], 'text_encoder gives pooled vectors');
  checkPrior(inspected, report, unet, 4);
}

/** Kandinsky 2.2: the prior's embedding alone. */
export function checkKandinsky22(inspected: Inspected, report: Report): void {
  const unet = expectUnet(inspected, report, [floats('image_embeds', 2)]);
  checkCoder(inspected, report, unet);
  checkPrior(inspected, report, unet, 2);
}

function textEncoder(pooled?: string) {
  const outputs = [floats('last_hidden_state', 3), ...(pooled === undefined ? [] : [floats(pooled, 2)])];
  return { inputs: [ids], optional: MASK, outputs };
}

function expectUnet(inspected: Inspected, report: Report, told: readonly Expected[]): Found | undefined {
  return finder(inspected, report)('unet', {
    inputs: [
      floats('sample', 4),
      { names: ['timestep'], ranks: [0, 1], types: [...WHOLE, ...FLOAT] },
      ...told,
    ],
    optional: [],
    outputs: [floats('out_sample', 4)],
  });
}

/** Pictures to latents and back, and whether the U-Net works on such latents. */
function checkCoder(inspected: Inspected, report: Report, unet: Found | undefined): void {
  const expectComponent = finder(inspected, report);
  const decoder = expectComponent('vae_decoder', {
    inputs: [floats('latent_sample', 4)],
    optional: [],
    outputs: [floats('sample', 4)],
  });
  const encoder = expectComponent('vae_encoder', {
    inputs: [floats('sample', 4)],
    optional: [],
    outputs: [{ names: ['latent_sample', 'latent_parameters'], ranks: [4], types: FLOAT }],
  });
  expectSize(decoder?.outputs[0], 1, [3], 'vae_decoder', 'colour channels', report);
  expectSize(encoder?.inputs[0], 1, [3], 'vae_encoder', 'colour channels', report);
  const latents =
    size(decoder?.inputs[0], 1) ??
    configNumber(inspected.texts, 'vae_decoder/config.json', 'latent_channels');
  if (latents === undefined) return;
  expectSize(encoder?.outputs[0], 1, [latents, 2 * latents], 'vae_encoder', 'latent channels', report);
  expectSize(unet?.inputs[0], 1, [latents, 2 * latents + 1], 'unet', 'latent channels', report);
  // Noise, and the variance behind it.
  expectSize(unet?.outputs[0], 1, [2 * latents], 'unet', 'predicted channels', report);
}

function checkPrior(inspected: Inspected, report: Report, unet: Found | undefined, place: number): void {
  const expectComponent = finder(inspected, report);
  const text = expectComponent('prior_text_encoder', {
    inputs: [ids],
    optional: MASK,
    outputs: [floats('last_hidden_state', 3), floats('text_embeds', 2)],
  });
  const prior = expectComponent('prior', {
    inputs: [
      floats('hidden_states', 2),
      { names: ['timestep'], ranks: [0, 1], types: [...WHOLE, ...FLOAT] },
      floats('proj_embedding', 2),
      floats('encoder_hidden_states', 3),
      { names: ['attention_mask'], ranks: [2], types: [...WHOLE, ...FLOAT, 'bool'] },
    ],
    optional: [],
    outputs: [floats('predicted_image_embedding', 2)],
  });
  const pictures = expectComponent('prior_image_encoder', {
    inputs: [floats('pixel_values', 4)],
    optional: [],
    outputs: [floats('image_embeds', 2)],
  });
  agree(report, unet, place, 1, prior?.outputs[0], 'prior gives embeddings');
  agree(report, unet, place, 1, pictures?.outputs[0], 'prior_image_encoder gives embeddings');
  const widths = [size(text?.outputs[0], 2), size(prior?.inputs[3], 2)];
  if (widths[0] !== undefined && widths[1] !== undefined && widths[0] !== widths[1]) {
    report(
      'error',
      'prior/model.onnx',
      `The prior takes rows of text ${widths[1]} wide, but prior_text_encoder gives them ${widths[0]} wide: they are of different models.`,
    );
  }
}

/** Whether an input of the U-Net is as wide as what another component gives for it. */
function agree(
  report: Report,
  unet: Found | undefined,
  place: number,
  axis: number,
  output: TensorInfo | undefined,
  what: string,
): void {
  const input = unet?.inputs[place];
  const [taken, given] = [size(input, axis), size(output, axis)];
  if (taken === undefined || given === undefined || taken === given) return;
  report(
    'error',
    'unet/model.onnx',
    `The U-Net takes "${input!.name}" ${taken} wide, but ${what} ${given} wide: they are of different models.`,
  );
}
