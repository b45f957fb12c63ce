import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** @throws {RangeError} when sampling is over: a mistake of the calling code. */
export function requireEvaluation(evaluation: number, count: number): void {
  if (!(Number.isInteger(evaluation) && evaluation >= 0 && evaluation < count)) {
    throw new RangeError(`evaluation ${evaluation} of ${count}`);
  }
}

/** @throws {RangeError} when a step that draws noise got none: a mistake of the calling code. */
export function requireNoise(noise: Tensor | undefined): Tensor {
  if (!noise) throw new RangeError('this step needs a noise tensor of the shape of the sample');
  return noise;
}

/** @throws {AppError} invalid-model when the model's output does not have the sample's shape. */
export function requireOutputShape(output: Tensor, sample: Tensor): void {
  const same =
    output.dims.length === sample.dims.length && output.dims.every((dim, axis) => dim === sample.dims[axis]);
  if (same) return;
  throw new AppError(
    'invalid-model',
    `The denoising model returned the shape [${output.dims.join(', ')}]; the scheduler needs the shape of the latents, [${sample.dims.join(', ')}].`,
  );
}
