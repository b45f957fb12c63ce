/**
 * Scalar arithmetic rounded to float32 after every operation, as torch does on 0-d float32 tensors. A float64 result
 * of one operation on float32 operands, rounded once more, is the correctly rounded float32 result (for
 * + − × ÷ √), so these agree with hardware float32 arithmetic bit for bit.
 */
export const f32 = Math.fround;

export const add32 = (a: number, b: number): number => f32(f32(a) + f32(b));
export const sub32 = (a: number, b: number): number => f32(f32(a) - f32(b));
export const mul32 = (a: number, b: number): number => f32(f32(a) * f32(b));
export const div32 = (a: number, b: number): number => f32(f32(a) / f32(b));
export const sqrt32 = (a: number): number => f32(Math.sqrt(f32(a)));
/** The correctly rounded value; vectorised library versions may be off by one unit in the last place. */
export const exp32 = (a: number): number => f32(Math.exp(f32(a)));
export const expm132 = (a: number): number => f32(Math.expm1(f32(a)));
export const log32 = (a: number): number => f32(Math.log(f32(a)));
