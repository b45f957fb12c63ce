import { AppError } from '../../../../src-shared/kernel/errors.ts';
import type { SessionSource } from '../../ports.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { describeTensor, fromPort, requireTensor, runSession, toPort } from '../session-io.ts';
import { rowOf, stacked } from './batches.ts';
import type { Condition, Conditions } from './conditions.ts';

const UNET = 'unet';

/** What the U-Net says of one frame: the noise and, behind it, its variance. */
export interface DecoderOutput {
  readonly conditional: Tensor;
  readonly unconditional: Tensor | null;
}

/** The decoder's U-Net bound to the conditions of a batch of frames. */
export type Decoder = (
  inputs: readonly Tensor[],
  timestep: number,
  stage: string,
) => Promise<DecoderOutput[]>;

/** @throws {AppError} `invalid-model` for inputs that nothing feeds. */
export async function openDecoder(source: SessionSource, frames: readonly Conditions[]): Promise<Decoder> {
  const session = await source.session(UNET);
  const guided = frames.every(({ unconditional }) => unconditional !== null);
  // All unconditional rows first, as in the reference.
  const rows: Condition[] = [
    ...(guided ? frames.map(({ unconditional }) => unconditional!) : []),
    ...frames.map(({ conditional }) => conditional),
  ];
  const sample = requireTensor(UNET, 'input', session.inputs, ['sample'], [4]);
  const time = requireTensor(UNET, 'input', session.inputs, ['timestep'], [0, 1]);
  const output = requireTensor(UNET, 'output', session.outputs, ['out_sample'], [4]);
  const names = Object.keys(rows[0]!);
  const unknown = session.inputs.filter(
    (info) => info !== sample && info !== time && !names.includes(info.name),
  );
  if (unknown.length > 0) {
    throw new AppError(
      'invalid-model',
      `unet/model.onnx has inputs that this pipeline does not feed: ${unknown.map(describeTensor).join(', ')}. Accepted: sample, timestep, ${names.join(', ')}.`,
    );
  }
  const constant = Object.fromEntries(
    names.map((name) => {
      const info = requireTensor(UNET, 'input', session.inputs, [name]);
      const batch = stacked(rows.map((row) => row[name]!));
      return [info.name, toPort(info, batch.dims, batch.data)];
    }),
  );
  return async (inputs, timestep, stage) => {
    const batch = stacked(guided ? [...inputs, ...inputs] : inputs);
    const times = time.dims.length === 0 ? [timestep] : rows.map(() => timestep);
    const results = await runSession(session, UNET, stage, {
      ...constant,
      [sample.name]: toPort(sample, batch.dims, batch.data),
      [time.name]: toPort(time, time.dims.length === 0 ? [] : [times.length], times),
    });
    const predicted = fromPort(UNET, output.name, results[output.name]);
    return frames.map((_, i) => ({
      unconditional: guided ? rowOf(predicted, i) : null,
      conditional: rowOf(predicted, guided ? frames.length + i : i),
    }));
  };
}
