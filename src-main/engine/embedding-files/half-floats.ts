/** bfloat16 is the upper half of a float32. */
export function unpackBfloat16(bits: Uint16Array): Float32Array {
  const words = Uint32Array.from(bits, (value) => value << 16);
  return new Float32Array(words.buffer);
}
