/**
 * MT19937 (Matsumoto & Nishimura, 1998) with the standard initialisation from one 32-bit seed. This is the engine of
 * torch's CPU generator.
 */
export interface MersenneTwister {
  /** The 624 state words. */
  readonly words: Uint32Array;
  /** Index of the next word to temper, 0..624; 624 = all used. */
  index: number;
}

const SIZE = 624;
const SHIFT = 397;

/** @param seed unsigned 32-bit. */
export function seedTwister(seed: number): MersenneTwister {
  const words = new Uint32Array(SIZE);
  words[0] = seed;
  for (let i = 1; i < SIZE; i++) {
    const previous = words[i - 1]!;
    words[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
  }
  return { words, index: SIZE };
}

function twist(words: Uint32Array): void {
  for (let i = 0; i < SIZE; i++) {
    const mixed = (words[i]! & 0x80000000) | (words[i + 1 === SIZE ? 0 : i + 1]! & 0x7fffffff);
    const other = words[i + SHIFT < SIZE ? i + SHIFT : i + SHIFT - SIZE]!;
    words[i] = other ^ (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
  }
}

/** The next output, an unsigned 32-bit integer. */
export function nextUint32(twister: MersenneTwister): number {
  if (twister.index >= SIZE) {
    twist(twister.words);
    twister.index = 0;
  }
  let value = twister.words[twister.index++]!;
  value ^= value >>> 11;
  value ^= (value << 7) & 0x9d2c5680;
  value ^= (value << 15) & 0xefc60000;
  return (value ^ (value >>> 18)) >>> 0;
}
