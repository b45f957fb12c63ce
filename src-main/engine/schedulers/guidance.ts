import { div32, mul32 } from '../tensor/float32.ts';
import { subtract, weightedSum } from '../tensor/ops.ts';
import { sizeOf, type Tensor } from '../tensor/tensor.ts';

/**
 * Classifier-free guidance (arXiv 2207.12598): unconditional + scale·(conditional − unconditional).
 * @param scale > 1 strengthens the prompt; 1 gives the conditional prediction
 */
export function guide(unconditional: Tensor, conditional: Tensor, scale: number): Tensor {
  return weightedSum([1, unconditional], [scale, subtract(conditional, unconditional)]);
}

/**
 * Rescales a guided prediction to the conditional one's standard deviation, item by item, and mixes it in by φ
 * (arXiv 2305.08891, section 3.4; rescale_noise_cfg of diffusers 0.42.1).
 * @param guided [batch, ...]
 * @param conditional same shape
 * @param phi 0..1; 0 = unchanged
 */
export function rescaleGuidance(guided: Tensor, conditional: Tensor, phi: number): Tensor {
  const length = sizeOf(guided.dims.slice(1));
  const out = new Float32Array(guided.data.length);
  const share = Math.fround(phi);
  const rest = Math.fround(1 - phi);
  for (let start = 0; start < out.length; start += length) {
    const item = guided.data.subarray(start, start + length);
    const factor = div32(
      standardDeviation(conditional.data.subarray(start, start + length)),
      standardDeviation(item),
    );
    for (let i = 0; i < length; i++) {
      out[start + i] = mul32(share, mul32(item[i]!, factor)) + mul32(rest, item[i]!);
    }
  }
  return { dims: guided.dims, data: out };
}

/** The unbiased one (n − 1), as torch.std: accumulated in float64, rounded to float32. */
function standardDeviation(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return Math.fround(Math.sqrt(squares / (values.length - 1)));
}
