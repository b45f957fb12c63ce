/**
 * IEEE 754 binary16 bit patterns <-> numbers. Rounding is to the nearest value, ties to even, as numpy and torch cast;
 * beyond 65504 (+ half a step) the result is infinite; subnormals and NaN are kept.
 */

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** Bit pattern (0..65535) of a float32 value as binary16. */
export function toFloat16Bits(value: number): number {
  scratch[0] = value;
  const bits = scratchBits[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    // Normal: re-bias the exponent (127 -> 15), drop 13 mantissa bits; a carry runs into the exponent as it should.
    const rebiased = magnitude - 0x38000000;
    const rounded = rebiased + 0x0fff + ((rebiased >>> 13) & 1);
    return sign | (rounded >>> 13);
  }
  // Subnormal or zero: units of 2^-24.
  const units = Math.abs(scratch[0]!) * 16777216;
  const floor = Math.floor(units);
  const rest = units - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0;
  return sign | (floor + up);
}

/** Value of a binary16 bit pattern. */
export function fromFloat16Bits(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0x1f) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  return sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

/** Rounds `source` to binary16 into `target` (same length, or a longer target from its start). */
export function packFloat16(
  source: ArrayLike<number>,
  target: Uint16Array = new Uint16Array(source.length),
): Uint16Array {
  for (let i = 0; i < source.length; i++) target[i] = toFloat16Bits(source[i]!);
  return target;
}

let table: Float32Array | undefined;

/** Widens binary16 bit patterns to float32 (exact). */
export function unpackFloat16(source: Uint16Array): Float32Array {
  if (table === undefined) {
    table = new Float32Array(65536);
    for (let bits = 0; bits < 65536; bits++) table[bits] = fromFloat16Bits(bits);
  }
  const lookup = table;
  const target = new Float32Array(source.length);
  for (let i = 0; i < source.length; i++) target[i] = lookup[source[i]!]!;
  return target;
}
