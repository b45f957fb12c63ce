import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { PortTensor, TensorInfo } from '../../engine/ports.ts';

const TOKENS = 77;
/** Latent cells a side: small, and divisible by what the deepest U-Nets need. */
const SIDE = 16;

/**
 * Inputs that a component accepts, with values of a plausible size and the same at every call. Free dimensions are
 * filled in from the component's place in a Stable Diffusion folder and from the folder's JSON files.
 */
export function probeFeeds(
  inputs: readonly TensorInfo[],
  files: Readonly<Record<string, string>>,
): Record<string, PortTensor> {
  const unet = parse(files['unet/config.json']);
  const channels = number(unet['in_channels']) ?? 4;
  const width = number(unet['cross_attention_dim']) ?? 768;
  const feeds: Record<string, PortTensor> = {};
  for (const input of inputs) {
    const free = [[], [1], [1, TOKENS], [1, TOKENS, width], [1, channels, SIDE, SIDE]][input.dims.length];
    if (!free) throw new AppError('invalid-model', `"${input.name}" has ${input.dims.length} dimensions.`);
    const dims = input.dims.map((dim, i) => (typeof dim === 'number' ? dim : (free[i] ?? 1)));
    const length = dims.reduce((product, dim) => product * dim, 1);
    feeds[input.name] = { type: input.type, dims, data: fill(input, length) };
  }
  return feeds;
}

function fill(input: TensorInfo, length: number): PortTensor['data'] {
  const time = /time/i.test(input.name) && input.dims.length < 2;
  const wave = (i: number): number => (time ? 500 : Math.sin(1.7 * i + 0.3));
  // Token ids that every vocabulary has; a mask of ones.
  const whole = (i: number): number => (time ? 500 : /mask/i.test(input.name) ? 1 : i % 7);
  switch (input.type) {
    case 'float32':
      return Float32Array.from({ length }, (_, i) => wave(i));
    case 'float64':
      return Float64Array.from({ length }, (_, i) => wave(i));
    case 'float16':
      // Bit patterns of 0.25, 0.5, 1 and -0.5, or of 500.
      return Uint16Array.from({ length }, (_, i) =>
        time ? 0x5fd0 : ([0x3400, 0x3800, 0x3c00, 0xb800][i % 4] ?? 0),
      );
    case 'int64':
      return BigInt64Array.from({ length }, (_, i) => BigInt(whole(i)));
    case 'int32':
      return Int32Array.from({ length }, (_, i) => whole(i));
    case 'int8':
      return Int8Array.from({ length }, (_, i) => i % 7);
    case 'bool':
      return Uint8Array.from({ length }, () => 1);
    case 'uint8':
      return Uint8Array.from({ length }, (_, i) => i % 7);
  }
}

function parse(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text ?? '{}') as Record<string, unknown>;
  } catch {
    return {};
  }
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
