import type { Report } from '../check.ts';
import { FLOAT, finder, type Inspected, size, WHOLE } from './expectations.ts';

/** Stable Diffusion XL's components: two text encoders whose rows lie side by side, or the refiner's one. */
export function checkStableDiffusionXl(inspected: Inspected, report: Report): void {
  const expectComponent = finder(inspected, report);
  const ids = { names: ['input_ids'], ranks: [2], types: WHOLE };
  const states = { names: ['last_hidden_state'], ranks: [3], types: FLOAT };
  const optional = ['attention_mask', 'position_ids'];
  const first = expectComponent('text_encoder', { inputs: [ids], optional, outputs: [states] });
  const second = expectComponent('text_encoder_2', {
    inputs: [ids],
    optional,
    outputs: [states, { names: ['text_embeds'], ranks: [2], types: FLOAT }],
  });
  const unet = expectComponent('unet', {
    inputs: [
      { names: ['sample'], ranks: [4], types: FLOAT },
      { names: ['timestep'], ranks: [0, 1], types: [...WHOLE, ...FLOAT] },
      { names: ['encoder_hidden_states'], ranks: [3], types: FLOAT },
      { names: ['text_embeds'], ranks: [2], types: FLOAT },
      { names: ['time_ids'], ranks: [2], types: FLOAT },
    ],
    optional: ['timestep_cond'],
    outputs: [{ names: ['out_sample', 'sample'], ranks: [4], types: FLOAT }],
  });
  expectComponent('vae_decoder', {
    inputs: [{ names: ['latent_sample', 'latent'], ranks: [4], types: FLOAT }],
    optional: [],
    outputs: [{ names: ['sample'], ranks: [4], types: FLOAT }],
  });
  expectComponent('vae_encoder', {
    inputs: [{ names: ['sample'], ranks: [4], types: FLOAT }],
    optional: [],
    outputs: [{ names: ['latent_sample', 'latent_parameters'], ranks: [4], types: FLOAT }],
  });
  const widths = [first, second].map((encoder) => size(encoder?.outputs[0], 2));
  const isRefiner = !inspected.components.includes('text_encoder');
  const given = (isRefiner ? 0 : (widths[0] ?? NaN)) + (widths[1] ?? NaN);
  const taken = size(unet?.inputs[2], 2);
  if (taken !== undefined && Number.isFinite(given) && given !== taken) {
    report(
      'error',
      'unet/model.onnx',
      `The U-Net takes text embeddings ${taken} wide, but the text encoders' are ${given} wide together: they are of different models.`,
    );
  }
}
