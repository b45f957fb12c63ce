import type { RgbImage } from '../../ports.ts';
import { requireFinite } from '../session-io.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** [1, 1, height, width] around -1..1 as ink on paper: -1 is white, 1 is black. */
export function greyPicture({ dims, data }: Tensor): RgbImage {
  requireFinite(data, 'The picture');
  const [, , height, width] = dims as [number, number, number, number];
  const pixels = new Uint8Array(width * height * 3);
  for (const [i, value] of data.entries()) {
    const grey = Math.round(255 * (1 - Math.min(1, Math.max(0, (value + 1) / 2))));
    pixels.fill(grey, i * 3, i * 3 + 3);
  }
  return { width, height, data: pixels };
}
