/** A Fourier transform of one size, for real signals: radix 2, in place, tables made once. */
export interface Fft {
  /** Magnitudes of the bins 0..size/2 of `signal` (of `size` samples), written into `into`. */
  magnitudes(signal: Float32Array, into: Float32Array): void;
}

/** @param size a power of two */
export function createFft(size: number): Fft {
  const bits = Math.log2(size);
  const swap = new Uint32Array(size);
  for (let i = 0; i < size; i++) {
    let reversed = 0;
    for (let bit = 0; bit < bits; bit++) reversed |= ((i >> bit) & 1) << (bits - 1 - bit);
    swap[i] = reversed;
  }
  const cos = Float64Array.from({ length: size / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / size));
  const sin = Float64Array.from({ length: size / 2 }, (_, i) => Math.sin((2 * Math.PI * i) / size));
  const re = new Float64Array(size);
  const im = new Float64Array(size);

  return {
    magnitudes(signal, into) {
      for (let i = 0; i < size; i++) re[i] = signal[swap[i]!]!;
      im.fill(0);
      for (let half = 1; half < size; half *= 2) {
        const stride = size / (2 * half);
        for (let start = 0; start < size; start += 2 * half) {
          for (let k = 0; k < half; k++) {
            const a = start + k;
            const b = a + half;
            const w = k * stride;
            const x = re[b]! * cos[w]! + im[b]! * sin[w]!;
            const y = im[b]! * cos[w]! - re[b]! * sin[w]!;
            re[b] = re[a]! - x;
            im[b] = im[a]! - y;
            re[a]! += x;
            im[a]! += y;
          }
        }
      }
      for (let i = 0; i <= size / 2; i++) into[i] = Math.sqrt(re[i]! * re[i]! + im[i]! * im[i]!);
    },
  };
}
