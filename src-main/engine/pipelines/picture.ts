import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { FrameSpec } from '../../../src-shared/model/frame-spec.ts';
import type { RgbImage } from '../ports.ts';
import type { Tensor } from '../tensor/tensor.ts';

const fround = Math.fround;

/**
 * 8-bit RGB to float32 [1, 3, height, width] in -1..1: 2·(v/255) - 1, each operation rounded to float32
 * (diffusers 0.42 VaeImageProcessor.preprocess).
 */
export function pictureToTensor(image: RgbImage): Tensor {
  const { width, height, data } = image;
  const plane = width * height;
  const values = new Float32Array(3 * plane);
  const table = levels();
  for (let i = 0; i < plane; i++) {
    values[i] = table[data[3 * i]!]!;
    values[plane + i] = table[data[3 * i + 1]!]!;
    values[2 * plane + i] = table[data[3 * i + 2]!]!;
  }
  return { dims: [1, 3, height, width], data: values };
}

/**
 * float32 [1, 3, height, width] around -1..1 to 8-bit RGB: clamp(x/2 + 0.5, 0, 1)·255, rounded half to even, as
 * diffusers 0.42 does on its numpy path (VaeImageProcessor.denormalize, numpy_to_pil).
 */
export function tensorToPicture(tensor: Tensor): RgbImage {
  const [, channels, height, width] = tensor.dims as [number, number, number, number];
  if (tensor.dims.length !== 4 || channels !== 3) {
    throw new AppError(
      'invalid-model',
      `The VAE decoder returned [${tensor.dims.join(', ')}]. Accepted: [1, 3, height, width].`,
    );
  }
  const plane = width * height;
  const source = tensor.data;
  const data = new Uint8Array(3 * plane);
  for (let channel = 0; channel < 3; channel++) {
    const offset = channel * plane;
    for (let i = 0, at = channel; i < plane; i++, at += 3) data[at] = toByte(source[offset + i]!);
  }
  return { width, height, data };
}

function toByte(value: number): number {
  const unit = fround(fround(value * 0.5) + 0.5);
  const scaled = fround((unit < 0 ? 0 : unit > 1 ? 1 : unit) * 255);
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  if (rest < 0.5) return floor;
  return rest > 0.5 || floor % 2 === 1 ? floor + 1 : floor;
}

/**
 * A mask picture as zeros and ones of one value per pixel: brightness of 128 or more repaints (Pillow's luma of
 * ITU-R 601, 16 bits behind the point).
 */
export function binaryMask({ width, height, data }: RgbImage): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const luma = 19595 * data[3 * i]! + 38470 * data[3 * i + 1]! + 7471 * data[3 * i + 2]!;
    return (luma + 0x8000) >> 16 >= 128 ? 1 : 0;
  });
}

/** The mask on the latents' grid: nearest neighbour, the upper left pixel of each cell (torch interpolate). */
export function maskOnLatents(mask: Uint8Array, width: number, height: number, factor: number): Float32Array {
  const columns = width / factor;
  const rows = height / factor;
  const values = new Float32Array(rows * columns);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) values[y * columns + x] = mask[y * factor * width + x * factor]!;
  }
  return values;
}

/** The picture with the pixels under the mask at 0 (mid grey), as inpainting models were trained. */
export function withoutMasked(picture: Tensor, mask: Uint8Array): Tensor {
  const plane = mask.length;
  const data = picture.data.slice();
  for (let i = 0; i < data.length; i++) if (mask[i % plane] === 1) data[i] = 0;
  return { dims: picture.dims, data };
}

let levelTable: Float32Array | undefined;

function levels(): Float32Array {
  levelTable ??= Float32Array.from({ length: 256 }, (_, v) => fround(fround(2 * fround(v / 255)) - 1));
  return levelTable;
}

/**
 * The picture of that hash, 8-bit RGB of exactly the frame's size.
 * @throws {AppError} invalid-asset for one that is not there, of another size or of another depth
 */
export function pictureOf(
  assets: Readonly<Record<string, RgbImage>>,
  hash: string,
  role: string,
  spec: FrameSpec,
): RgbImage {
  const image = assets[hash];
  if (image === undefined) {
    throw new AppError(
      'invalid-asset',
      `The ${role} ${hash} is not among the pictures handed to the engine.`,
    );
  }
  if (image.width !== spec.width || image.height !== spec.height) {
    throw new AppError(
      'invalid-asset',
      `The ${role} is ${image.width}x${image.height} pixels. Accepted: exactly the frame's size, ${spec.width}x${spec.height}.`,
    );
  }
  if (image.data.length !== image.width * image.height * 3) {
    throw new AppError(
      'invalid-asset',
      `The ${role} holds ${image.data.length} bytes. Accepted: 8-bit RGB, ${image.width * image.height * 3} bytes.`,
    );
  }
  return image;
}

/**
 * The picture of that hash as it is, whatever its size.
 * @throws {AppError} invalid-asset for one that is not there
 */
export function wholePicture(assets: Readonly<Record<string, RgbImage>> | undefined, hash: string): RgbImage {
  const image = assets?.[hash];
  if (image !== undefined) return image;
  throw new AppError('invalid-asset', `The picture ${hash} is not among the pictures handed to the engine.`);
}
