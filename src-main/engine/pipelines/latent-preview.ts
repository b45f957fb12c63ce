import type { RgbImage } from '../ports.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Pictures that show how a frame comes about, straight from its latents. */
export interface LatentPreview {
  /** False until the first {@link learn}. */
  readonly isReady: boolean;
  /**
   * Takes latents [1, C, h, w] and the picture that belongs to them. Lessons fade as newer ones come, unless they
   * are lasting.
   */
  learn(latents: Tensor, picture: RgbImage, kind: 'lasting' | 'passing'): void;
  /**
   * A small picture of latents, {@link PIXELS} times smaller than the frame (never smaller than the latents).
   * Undefined until something was learnt.
   */
  picture(latents: Tensor): RgbImage | undefined;
}

/** Pixels of the frame's side that one pixel of the preview stands for. */
const PIXELS = 4;
/** Latent positions that one lesson uses at most: a large picture teaches nothing that this many do not. */
const MAX_SAMPLES = 4096;
/** What is left of earlier passing lessons at each new one. */
const MEMORY = 0.7;
/** Ridge, as a share of the features' mean energy: one picture has few positions for many features. */
const RIDGE = 1e-3;

/**
 * Decoders of latent diffusion are close to linear in colour and coarse shape: each latent position, with its eight
 * neighbours, gives a block of pixels by one matrix. The matrix is the least-squares fit to pairs that the model's own
 * encoder and decoder made, so it suits any model (4, 12, 16 channels); using it costs a hundredth of a decoding.
 */
export function createLatentPreview(): LatentPreview {
  let moments: Moments | undefined;
  let weights: Float32Array | undefined;

  return {
    get isReady() {
      return moments !== undefined;
    },
    learn(latents, picture, kind) {
      const shape = shapeOf(latents);
      const factor = picture.width / shape.width;
      if (!Number.isInteger(factor) || picture.height !== shape.height * factor) return;
      const sub = Math.max(1, Math.round(factor / PIXELS));
      if (moments?.sub !== sub || moments.channels !== shape.channels) {
        moments = emptyMoments(shape.channels, sub);
      }
      accumulate(moments, kind, latents, picture, factor);
      weights = undefined;
    },
    picture(latents) {
      if (moments === undefined || moments.channels !== shapeOf(latents).channels) return undefined;
      weights ??= solve(moments);
      return paint(latents, moments, weights);
    },
  };
}

interface Shape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Sums over positions of features x features and features x pixels. */
interface Moments {
  readonly channels: number;
  /** Preview pixels of a latent position's side. */
  readonly sub: number;
  readonly features: number;
  readonly outputs: number;
  readonly lasting: Sums;
  readonly passing: Sums;
}

interface Sums {
  readonly gram: Float64Array;
  readonly cross: Float64Array;
}

function shapeOf({ dims }: Tensor): Shape {
  const [, channels = 0, height = 0, width = 0] = dims;
  return { channels, height, width };
}

function emptyMoments(channels: number, sub: number): Moments {
  const features = 9 * channels + 1;
  const outputs = 3 * sub * sub;
  const sums = (): Sums => ({
    gram: new Float64Array(features * features),
    cross: new Float64Array(features * outputs),
  });
  return { channels, sub, features, outputs, lasting: sums(), passing: sums() };
}

/** The latents around a position, at the borders those of the border, and a 1. */
function readFeatures(
  { data }: Tensor,
  { channels, height, width }: Shape,
  y: number,
  x: number,
  into: Float64Array,
) {
  let at = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let dy = -1; dy <= 1; dy++) {
      const row = (channel * height + Math.min(height - 1, Math.max(0, y + dy))) * width;
      for (let dx = -1; dx <= 1; dx++) {
        into[at] = data[row + Math.min(width - 1, Math.max(0, x + dx))] as number;
        at += 1;
      }
    }
  }
  into[at] = 1;
}

function accumulate(
  moments: Moments,
  kind: 'lasting' | 'passing',
  latents: Tensor,
  picture: RgbImage,
  factor: number,
): void {
  const { features, outputs, sub } = moments;
  const { gram, cross } = moments[kind];
  const shape = shapeOf(latents);
  if (kind === 'passing') {
    for (const sums of [gram, cross]) for (let i = 0; i < sums.length; i++) sums[i]! *= MEMORY;
  }
  const stride = Math.max(1, Math.ceil((shape.width * shape.height) / MAX_SAMPLES));
  const feature = new Float64Array(features);
  const target = new Float64Array(outputs);
  for (let position = 0; position < shape.width * shape.height; position += stride) {
    const y = Math.floor(position / shape.width);
    const x = position % shape.width;
    readFeatures(latents, shape, y, x, feature);
    readBlock(picture, x * factor, y * factor, factor, sub, target);
    for (let i = 0; i < features; i++) {
      const value = feature[i]!;
      for (let j = 0; j <= i; j++) gram[i * features + j]! += value * feature[j]!;
      for (let o = 0; o < outputs; o++) cross[i * outputs + o]! += value * target[o]!;
    }
  }
}

/** Means of the block's sub x sub parts, 0..255: [part row, part column, colour]. */
function readBlock(
  picture: RgbImage,
  left: number,
  top: number,
  factor: number,
  sub: number,
  into: Float64Array,
) {
  const side = factor / sub;
  into.fill(0);
  for (let y = 0; y < factor; y++) {
    for (let x = 0; x < factor; x++) {
      const part = (Math.floor(y / side) * sub + Math.floor(x / side)) * 3;
      const pixel = ((top + y) * picture.width + left + x) * 3;
      for (let colour = 0; colour < 3; colour++) into[part + colour]! += picture.data[pixel + colour]!;
    }
  }
  for (let o = 0; o < into.length; o++) into[o]! /= side * side;
}

/** Ridge regression by Cholesky: features x outputs. The constant is not shrunk. */
function solve({ features, outputs, lasting, passing }: Moments): Float32Array {
  const gram = lasting.gram.map((sum, i) => sum + passing.gram[i]!);
  const cross = lasting.cross.map((sum, i) => sum + passing.cross[i]!);
  let energy = 0;
  for (let i = 0; i < features - 1; i++) energy += gram[i * features + i]!;
  const ridge = (RIDGE * energy) / Math.max(1, features - 1) + 1e-9;
  const lower = new Float64Array(features * features);
  for (let i = 0; i < features; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = gram[i * features + j]! + (i === j ? (i < features - 1 ? ridge : 1e-9) : 0);
      for (let k = 0; k < j; k++) sum -= lower[i * features + k]! * lower[j * features + k]!;
      lower[i * features + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / lower[j * features + j]!;
    }
  }
  const weights = new Float32Array(features * outputs);
  const column = new Float64Array(features);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < features; i++) {
      let sum = cross[i * outputs + o]!;
      for (let k = 0; k < i; k++) sum -= lower[i * features + k]! * column[k]!;
      column[i] = sum / lower[i * features + i]!;
    }
    for (let i = features - 1; i >= 0; i--) {
      let sum = column[i]!;
      for (let k = i + 1; k < features; k++) sum -= lower[k * features + i]! * column[k]!;
      column[i] = sum / lower[i * features + i]!;
      weights[i * outputs + o] = column[i]!;
    }
  }
  return weights;
}

function paint(latents: Tensor, { features, outputs, sub }: Moments, weights: Float32Array): RgbImage {
  const shape = shapeOf(latents);
  const width = shape.width * sub;
  const height = shape.height * sub;
  // Rounds and keeps to 0..255 by itself.
  const data = new Uint8ClampedArray(width * height * 3);
  const feature = new Float64Array(features);
  const block = new Float64Array(outputs);
  for (let y = 0; y < shape.height; y++) {
    for (let x = 0; x < shape.width; x++) {
      readFeatures(latents, shape, y, x, feature);
      block.fill(0);
      for (let i = 0; i < features; i++) {
        const value = feature[i]!;
        for (let o = 0; o < outputs; o++) block[o]! += value * weights[i * outputs + o]!;
      }
      for (let row = 0; row < sub; row++) {
        const from = row * sub * 3;
        data.set(block.subarray(from, from + sub * 3), ((y * sub + row) * width + x * sub) * 3);
      }
    }
  }
  return { width, height, data: new Uint8Array(data.buffer) };
}
