import { div32, exp32, log32, mul32, sub32 } from '../../tensor/float32.ts';

/**
 * Sinusoidal embedding of the guidance scale for distilled U-Nets (`timestep_cond`): w = (scale - 1)·1000 at
 * frequencies exp(-i·ln(10000)/(half - 1)), sines then cosines, zero-padded where `width` is odd
 * (latent consistency models, 2310.04378; diffusers 0.42 get_guidance_scale_embedding). float32 [width].
 */
export function guidanceEmbedding(guidanceScale: number, width: number): Float32Array {
  const values = new Float32Array(width);
  const half = Math.floor(width / 2);
  const w = mul32(sub32(guidanceScale, 1), 1000);
  const rate = div32(log32(10000), half - 1);
  for (let i = 0; i < half; i++) {
    const angle = mul32(w, exp32(mul32(i, -rate)));
    values[i] = Math.sin(angle);
    values[half + i] = Math.cos(angle);
  }
  return values;
}
