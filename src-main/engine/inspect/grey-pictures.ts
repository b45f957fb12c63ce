import type { RgbImage } from '../ports.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Channels of a tensor side by side as grey pictures; dark is low, bright is high. */
export interface ChannelSheet {
  readonly image: RgbImage;
  readonly columns: number;
  readonly rows: number;
  /** The value that is shown white; its negative is black and 0 mid grey. All channels share it. */
  readonly scale: number;
}

/** Of a normal distribution 99.7 % lie within; the rest is clipped. */
const DEVIATIONS = 3;
/** Encoders put a few huge values into the start token: they must not darken the rest. */
const HEAT_QUANTILE = 0.98;

/** [1, C, h, w] as tiles, row by row, without gaps: as near to a square as the count allows. */
export function channelSheet({ dims, data }: Tensor): ChannelSheet {
  const [, channels = 1, height = 1, width = 1] = dims;
  const columns = columnsFor(channels);
  const rows = Math.ceil(channels / columns);
  const scale = DEVIATIONS * rootMeanSquare(data) || 1;
  const image = blank(columns * width, rows * height);
  for (let channel = 0; channel < channels; channel++) {
    const left = (channel % columns) * width;
    const top = Math.floor(channel / columns) * height;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const value = data[(channel * height + y) * width + x]!;
        setGrey(image, left + x, top + y, value / scale);
      }
    }
  }
  return { image, columns, rows, scale };
}

/** Rows of [1, rows, width] from top to bottom: the embedding of a prompt, token by token. */
export function heatMap({ dims, data }: Tensor): { readonly image: RgbImage; readonly scale: number } {
  const [, rows = 1, width = 1] = dims;
  const scale = quantileOfSize(data, HEAT_QUANTILE) || 1;
  const image = blank(width, rows);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < width; x++) setGrey(image, x, y, data[y * width + x]! / scale);
  }
  return { image, scale };
}

function columnsFor(channels: number): number {
  const root = Math.ceil(Math.sqrt(channels));
  for (let columns = root; columns <= Math.min(channels, 2 * root); columns++) {
    if (channels % columns === 0) return columns;
  }
  return root;
}

function quantileOfSize(data: Float32Array, share: number): number {
  const sizes = data.map(Math.abs).sort();
  return sizes[Math.floor(share * (sizes.length - 1))] ?? 0;
}

function rootMeanSquare(data: Float32Array): number {
  let squares = 0;
  for (const value of data) squares += value * value;
  return Math.sqrt(squares / Math.max(1, data.length));
}

function blank(width: number, height: number): RgbImage {
  return { width, height, data: new Uint8Array(width * height * 3) };
}

/** `value` -1..1 */
function setGrey({ width, data }: RgbImage, x: number, y: number, value: number): void {
  const level = Math.round((Math.min(1, Math.max(-1, value)) + 1) * 127.5);
  data.fill(level, (y * width + x) * 3, (y * width + x) * 3 + 3);
}
