import type { Tensor } from '../tensor/tensor.ts';

/**
 * Multiplies each token's row by its weight and then scales the whole so that its mean is what it was, as
 * stable-diffusion-webui's "Original" emphasis does: without that, a weighted prompt would also change the strength of
 * everything else. Where the weighted mean is 0 or nothing finite comes out, the scale is left at 1.
 * With all weights 1 the very same tensor comes back.
 * @param embedding [1, tokens, width] of one run of the text encoder
 * @param weights one for each token
 * @throws {RangeError} when the counts differ
 */
export function applyTokenWeights(embedding: Tensor, weights: readonly number[]): Tensor {
  const tokens = embedding.dims.at(-2) ?? 0;
  const width = embedding.dims.at(-1) ?? 0;
  if (tokens !== weights.length || tokens * width !== embedding.data.length) {
    throw new RangeError(
      `${weights.length} weights do not fit an embedding of shape [${embedding.dims.join(', ')}]`,
    );
  }
  if (weights.every((weight) => weight === 1)) return embedding;
  const data = new Float32Array(embedding.data.length);
  let before = 0;
  let after = 0;
  for (let i = 0; i < data.length; i++) {
    const value = embedding.data[i]!;
    data[i] = value * Math.fround(weights[Math.floor(i / width)]!);
    before += value;
    after += data[i]!;
  }
  const scale = before / after;
  if (Number.isFinite(scale)) for (let i = 0; i < data.length; i++) data[i]! *= Math.fround(scale);
  return { dims: embedding.dims, data };
}
