import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { RgbImage, SessionSource, TensorInfo } from '../ports.ts';
import { exp32, f32, mul32, sub32 } from '../tensor/float32.ts';
import { divide, map } from '../tensor/ops.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { VaeDescription } from './stable-diffusion/description.ts';
import { tensorToPicture } from './picture.ts';
import { inTiles, needsTiles } from './vae-tiles.ts';
import { fromPort, requireFinite, requireTensor, runSession, toPort } from './session-io.ts';

const DECODER = 'vae_decoder';
const ENCODER = 'vae_encoder';

/**
 * Final latents [1, C, h, w] to a picture: z = latents / scaling factor + shift through the decoder; `tiled`: in parts
 * where the picture is larger than those that the decoder was trained on, which takes less memory.
 * @throws {AppError} `invalid-input` when the decoder has another fixed size, `engine-failed` for NaN or infinities.
 */
export async function decodeLatents(
  source: SessionSource,
  vae: VaeDescription,
  latents: Tensor,
  tiled = false,
): Promise<RgbImage> {
  requireFinite(latents.data, 'The latents before decoding');
  const session = await source.session(DECODER);
  const input = requireTensor(DECODER, 'input', session.inputs, ['latent_sample', 'latents', 'sample'], [4]);
  const output = requireTensor(DECODER, 'output', session.outputs, ['sample', 'image', 'images'], [4]);
  requireChannels(DECODER, input, latents.dims, 'latent');
  const unscaled = unscale(latents, vae);
  const run = async (part: Tensor): Promise<Tensor> => {
    requireSides(DECODER, input, part.dims, vae.factor);
    const results = await runSession(session, DECODER, 'decoding the latents', {
      [input.name]: toPort(input, part.dims, part.data),
    });
    return fromPort(DECODER, output.name, results[output.name]);
  };
  const tiles = { input: Math.trunc(vae.sampleSize / vae.factor), output: vae.sampleSize };
  const decoded =
    tiled && needsTiles(unscaled, tiles) ? await inTiles(unscaled, tiles, run) : await run(unscaled);
  requireFinite(decoded.data, 'The decoded picture');
  return tensorToPicture(decoded);
}

/** The denoiser's latents as the decoder takes them (diffusers 0.42, the end of every pipeline). */
function unscale(
  latents: Tensor,
  { scalingFactor, shiftFactor, latentsMean, latentsStd }: VaeDescription,
): Tensor {
  if (latentsMean !== null && latentsStd !== null) {
    return byChannel(latents, (value, channel) => {
      const spread = mul32(value, f32(latentsStd[channel]!));
      return f32(spread / f32(scalingFactor)) + f32(latentsMean[channel]!);
    });
  }
  const unscaled = divide(latents, scalingFactor);
  return shiftFactor === 0 ? unscaled : map(unscaled, (value) => value + f32(shiftFactor));
}

/** The encoder's latents as the denoiser takes them. */
function rescale(
  latents: Tensor,
  { scalingFactor, shiftFactor, latentsMean, latentsStd }: VaeDescription,
): Tensor {
  const factor = f32(scalingFactor);
  if (latentsMean !== null && latentsStd !== null) {
    return byChannel(latents, (value, channel) => {
      const centred = mul32(sub32(value, f32(latentsMean[channel]!)), factor);
      return centred / f32(latentsStd[channel]!);
    });
  }
  return map(latents, (value) => sub32(value, shiftFactor) * factor);
}

function byChannel(values: Tensor, change: (value: number, channel: number) => number): Tensor {
  const [, channels, height, width] = values.dims as [number, number, number, number];
  const plane = height * width;
  const data = values.data.map((value, i) => change(value, Math.floor(i / plane) % channels));
  return { dims: values.dims, data };
}

/** Picture values and a way to draw the noise of the VAE's posterior, of a given shape. */
export interface EncodeInput {
  /** float32 [1, 3, height, width] in -1..1. */
  readonly picture: Tensor;
  /** Called once, before the encoder's posterior is sampled; not called when the encoder samples by itself. */
  readonly draw: (dims: readonly number[]) => Tensor;
  /** In parts where the picture is larger than those that the encoder was trained on. */
  readonly tiled?: boolean;
}

/**
 * A picture to scaled latents [1, C, h, w]. Encoders export either the posterior's parameters [1, 2C, h, w] (mean and
 * log variance: mean + exp(clamp(logvar, -30, 20)/2)·n is drawn here) or latents that are sampled already.
 */
export async function encodePicture(
  source: SessionSource,
  vae: VaeDescription,
  { picture, draw, tiled = false }: EncodeInput,
): Promise<Tensor> {
  if (!source.has(ENCODER)) {
    throw new AppError(
      'invalid-model',
      'Initial pictures and masks need the model folder to have vae_encoder/model.onnx, and it has none.',
    );
  }
  const session = await source.session(ENCODER);
  const input = requireTensor(ENCODER, 'input', session.inputs, ['sample', 'image', 'images'], [4]);
  const output = requireTensor(
    ENCODER,
    'output',
    session.outputs,
    ['latent_parameters', 'latent_sample', 'latents'],
    [4],
  );
  requireChannels(ENCODER, input, picture.dims, 'colour');
  const run = async (part: Tensor): Promise<Tensor> => {
    requireSides(ENCODER, input, part.dims, 1);
    const results = await runSession(session, ENCODER, 'encoding the picture', {
      [input.name]: toPort(input, part.dims, part.data),
    });
    return fromPort(ENCODER, output.name, results[output.name]);
  };
  const tiles = { input: vae.sampleSize, output: Math.trunc(vae.sampleSize / vae.factor) };
  const encoded =
    tiled && needsTiles(picture, tiles) ? await inTiles(picture, tiles, run) : await run(picture);
  requireFinite(encoded.data, 'The encoded picture');
  const latents = sampled(encoded, vae.latentChannels, draw);
  return rescale(latents, vae);
}

function sampled(encoded: Tensor, channels: number, draw: EncodeInput['draw']): Tensor {
  const [batch, found, height, width] = encoded.dims as [number, number, number, number];
  if (encoded.dims.length === 4 && found === channels) return encoded;
  if (encoded.dims.length !== 4 || found !== 2 * channels) {
    throw new AppError(
      'invalid-model',
      `The VAE encoder returned [${encoded.dims.join(', ')}]. Accepted: ${channels} channels (latents) or ${2 * channels} (mean and log variance).`,
    );
  }
  const dims = [batch, channels, height, width];
  const noise = draw(dims).data;
  const size = channels * height * width;
  const data = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const logvar = Math.min(20, Math.max(-30, encoded.data[size + i]!));
    data[i] = encoded.data[i]! + mul32(exp32(0.5 * logvar), noise[i]!);
  }
  return { dims, data };
}

function requireChannels(component: string, input: TensorInfo, dims: readonly number[], what: string): void {
  const channels = input.dims[1];
  if (typeof channels !== 'number' || channels === dims[1]) return;
  throw new AppError(
    'invalid-model',
    `${component} takes ${channels} channels at its input "${input.name}", not ${dims[1]} ${what} channels: ${component}/model.onnx is another component or of another model.`,
  );
}

/** `factor`: pixels per cell of this component's input. */
function requireSides(component: string, input: TensorInfo, dims: readonly number[], factor: number): void {
  const [, , height, width] = input.dims;
  const fits =
    (typeof height !== 'number' || height === dims[2]) && (typeof width !== 'number' || width === dims[3]);
  if (fits) return;
  const pixels = (side: number | string | undefined) => (typeof side === 'number' ? side * factor : 'any');
  throw new AppError(
    'invalid-input',
    `${component} of this model takes pictures of ${pixels(width)}x${pixels(height)} pixels only, not ${dims[3]! * factor}x${dims[2]! * factor}.`,
  );
}
