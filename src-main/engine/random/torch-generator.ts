import { AppError } from '../../../src-shared/kernel/errors.ts';
import { sizeOf, type Tensor } from '../tensor/tensor.ts';
import { normalBlock } from './box-muller.ts';
import { type MersenneTwister, nextUint32, seedTwister } from './mersenne-twister.ts';

/** Everything a generator needs to go on; JSON-safe. */
export interface GeneratorState {
  /** The 624 words of the Mersenne twister, unsigned 32-bit. */
  readonly words: readonly number[];
  /** 0..624 */
  readonly index: number;
  /** The second normal of a pair drawn one by one that has not been handed out yet. */
  readonly cachedNormal: number | null;
}

/** A stream of random numbers, equal to that of `torch.Generator('cpu')`. */
export interface TorchGenerator {
  /** Standard normal float32 values, as `torch.randn(dims, generator=…)` draws them on the CPU (torch 2.13). */
  randn(dims: readonly number[]): Tensor;
  state(): GeneratorState;
}

const BLOCK = 16;
const MAX_SEED_TEXT = 'a whole number from 0 to 9007199254740991';

/**
 * The generator after `manual_seed(seed)`; only the lowest 32 bits of the seed count, as in torch.
 * @throws {AppError} invalid-input for a seed that is not a safe integer >= 0.
 */
export function createGenerator(seed: number): TorchGenerator {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new AppError('invalid-input', `Seed ${seed} cannot be used: give ${MAX_SEED_TEXT}.`);
  }
  return generatorFrom(seedTwister(seed % 2 ** 32), null);
}

/**
 * A generator that goes on where the exported one stood.
 * @throws {AppError} invalid-input when the state is not one.
 */
export function restoreGenerator(state: GeneratorState): TorchGenerator {
  const fits =
    state.words.length === 624 &&
    state.words.every((word) => Number.isInteger(word) && word >= 0 && word < 2 ** 32) &&
    Number.isInteger(state.index) &&
    state.index >= 0 &&
    state.index <= 624 &&
    (state.cachedNormal === null || Number.isFinite(state.cachedNormal));
  if (!fits) {
    throw new AppError(
      'invalid-input',
      'The stored state of the noise generator is damaged: expected 624 words of 32 bits and an index up to 624.',
    );
  }
  return generatorFrom({ words: Uint32Array.from(state.words), index: state.index }, state.cachedNormal);
}

function generatorFrom(twister: MersenneTwister, cached: number | null): TorchGenerator {
  let cachedNormal = cached;

  const uniform24 = (): number => (nextUint32(twister) & 0xffffff) * 2 ** -24;

  /** 53 bits of one 64-bit draw, whose high half comes first. */
  const uniform53 = (): number => {
    const high = nextUint32(twister) & 0x1fffff;
    return (high * 2 ** 32 + nextUint32(twister)) * 2 ** -53;
  };

  const normalOneByOne = (): number => {
    if (cachedNormal !== null) {
      const value = cachedNormal;
      cachedNormal = null;
      return value;
    }
    const u1 = uniform53();
    const u2 = uniform53();
    const radius = Math.sqrt(-2 * Math.log1p(-u2));
    const theta = 2 * Math.PI * u1;
    cachedNormal = radius * Math.sin(theta);
    return radius * Math.cos(theta);
  };

  const fillInBlocks = (data: Float32Array): void => {
    for (let i = 0; i < data.length; i++) data[i] = uniform24();
    for (let start = 0; start + BLOCK <= data.length; start += BLOCK) normalBlock(data, start);
    if (data.length % BLOCK !== 0) {
      // The last 16 places are drawn anew, over values that were already finished.
      const tail = data.length - BLOCK;
      for (let i = tail; i < data.length; i++) data[i] = uniform24();
      normalBlock(data, tail);
    }
  };

  return {
    randn(dims) {
      const data = new Float32Array(sizeOf(dims));
      if (data.length >= BLOCK) fillInBlocks(data);
      else for (let i = 0; i < data.length; i++) data[i] = normalOneByOne();
      return { dims: [...dims], data };
    },
    state: () => ({ words: Array.from(twister.words), index: twister.index, cachedNormal }),
  };
}
