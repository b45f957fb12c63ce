import type { Report } from '../check.ts';
import { FLOAT, finder, type Inspected, size, WHOLE } from './expectations.ts';

/** A table of class embeddings and a denoiser of grey pictures that takes them. */
export function checkClassConditional(inspected: Inspected, report: Report): void {
  const expectComponent = finder(inspected, report);
  const table = expectComponent('class_embedding', {
    inputs: [{ names: ['class_labels'], ranks: [1], types: WHOLE }],
    optional: [],
    outputs: [{ names: ['class_embeddings'], ranks: [2], types: FLOAT }],
  });
  const unet = expectComponent('unet', {
    inputs: [
      { names: ['sample'], ranks: [4], types: FLOAT },
      { names: ['timestep'], ranks: [0], types: [...FLOAT, ...WHOLE] },
      { names: ['class_embeddings'], ranks: [2], types: FLOAT },
    ],
    optional: [],
    outputs: [{ names: ['out_sample'], ranks: [4], types: FLOAT }],
  });
  const [given, taken] = [size(table?.outputs[0], 1), size(unet?.inputs[2], 1)];
  if (given !== undefined && taken !== undefined && given !== taken) {
    report(
      'error',
      'unet/model.onnx',
      `The U-Net takes class embeddings ${taken} wide, but the table has them ${given} wide.`,
    );
  }
}
