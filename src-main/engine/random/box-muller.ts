const f32 = Math.fround;

/** a·b + c with a single rounding to float32: the product of two float32 numbers is exact in float64. */
const fused = (a: number, b: number, c: number): number => f32(a * b + c);

const TWO_PI = f32(2 * Math.PI);
const FOUR_OVER_PI = f32(1.27323954473516);
const SQRT_HALF = f32(Math.SQRT1_2);

const LOG = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
].map(f32) as [number, number, number, number, number, number, number, number, number];
const [LOG0, LOG1, LOG2, LOG3, LOG4, LOG5, LOG6, LOG7, LOG8] = LOG;
const LN2_LOW = f32(-2.1219444e-4);
const LN2_HIGH = f32(0.693359375);

const REDUCE_HIGH = f32(-0.78515625);
const REDUCE_MIDDLE = f32(-2.4187564849853516e-4);
const REDUCE_LOW = f32(-3.774894977445941e-8);
const COS0 = f32(2.443315711809948e-5);
const COS1 = f32(-1.388731625493765e-3);
const COS2 = f32(4.166664568298827e-2);
const SIN0 = f32(-1.9515295891e-4);
const SIN1 = f32(8.3321608736e-3);
const SIN2 = f32(-1.6666654611e-1);

const floatView = new Float32Array(1);
const bitsView = new Int32Array(floatView.buffer);

/** ln of a normal float32 in (0, 1], by the single-precision Cephes polynomial with fused multiply-add. */
function ln(value: number): number {
  floatView[0] = value;
  const bits = bitsView[0]!;
  let exponent = (bits >>> 23) - 126;
  bitsView[0] = (bits & 0x007fffff) | 0x3f000000;
  const mantissa = floatView[0]!;
  let m: number;
  if (mantissa < SQRT_HALF) {
    exponent -= 1;
    m = f32(f32(mantissa - 1) + mantissa);
  } else {
    m = f32(mantissa - 1);
  }
  const z = f32(m * m);
  let y = fused(LOG0, m, LOG1);
  y = fused(y, m, LOG2);
  y = fused(y, m, LOG3);
  y = fused(y, m, LOG4);
  y = fused(y, m, LOG5);
  y = fused(y, m, LOG6);
  y = fused(y, m, LOG7);
  y = fused(y, m, LOG8);
  y = f32(y * m);
  y = fused(y, z, f32(exponent * LN2_LOW));
  y = fused(-z, 0.5, y);
  return fused(exponent, LN2_HIGH, f32(m + y));
}

/**
 * Turns 16 uniform float32 values at `start` into 16 standard normal ones in place: value j and value j + 8 make the
 * pair j. Bit-equal to torch's float32 kernel on x86 with AVX2 or AVX-512 (`normal_fill_AVX2`, torch 2.13), which
 * evaluates ln, sin and cos by Cephes polynomials; builds without it differ by at most 2e-6.
 */
export function normalBlock(data: Float32Array, start: number): void {
  for (let j = start; j < start + 8; j++) {
    const radius = f32(Math.sqrt(f32(-2 * ln(f32(1 - data[j]!)))));
    const theta = f32(TWO_PI * data[j + 8]!);

    const octant = (Math.trunc(f32(theta * FOUR_OVER_PI)) + 1) & ~1;
    let x = fused(octant, REDUCE_HIGH, theta);
    x = fused(octant, REDUCE_MIDDLE, x);
    x = fused(octant, REDUCE_LOW, x);
    const z = f32(x * x);

    let c = fused(COS0, z, COS1);
    c = fused(c, z, COS2);
    c = f32(c * z);
    c = fused(c, z, -f32(z / 2));
    c = f32(c + 1);

    let s = fused(SIN0, z, SIN1);
    s = fused(s, z, SIN2);
    s = f32(s * z);
    s = fused(s, x, x);

    const straight = (octant & 2) === 0;
    const sine = straight ? s : c;
    const cosine = straight ? c : s;
    data[j] = radius * ((~(octant - 2) & 4) !== 0 ? -cosine : cosine);
    data[j + 8] = radius * ((octant & 4) !== 0 ? -sine : sine);
  }
}
