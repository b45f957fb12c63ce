import { f32, mul32 } from '../tensor/float32.ts';
import { sizeOf, type Tensor } from '../tensor/tensor.ts';

/** Sides of a tile before and after the autoencoder, in cells of its input and of its output. */
export interface TileSizes {
  readonly input: number;
  readonly output: number;
}

/** Neighbouring tiles share this part of their sides (diffusers 0.42 AutoencoderKL.tile_overlap_factor). */
const OVERLAP = 0.25;

/** Whether a picture is larger than one tile. */
export function needsTiles({ dims }: Tensor, { input }: TileSizes): boolean {
  return dims[2]! > input || dims[3]! > input;
}

/**
 * Runs an autoencoder over overlapping tiles and blends their edges linearly, above first, then left (diffusers 0.42
 * tiled_decode and _tiled_encode): memory stays that of one tile. Every tile sees only itself, so the picture differs
 * slightly from a whole one.
 */
export async function inTiles(
  values: Tensor,
  sizes: TileSizes,
  run: (tile: Tensor) => Promise<Tensor>,
): Promise<Tensor> {
  const [, , height, width] = values.dims as [number, number, number, number];
  const stride = Math.trunc(sizes.input * (1 - OVERLAP));
  const extent = Math.trunc(sizes.output * OVERLAP);
  const kept = sizes.output - extent;
  const rows: Tensor[][] = [];
  for (let top = 0; top < height; top += stride) {
    const row: Tensor[] = [];
    for (let left = 0; left < width; left += stride) {
      row.push(await run(cut(values, top, left, sizes.input, sizes.input)));
    }
    const above = rows.at(-1);
    for (const [column, tile] of row.entries()) {
      // The neighbours are blended already: blending goes on from what they have become.
      if (above !== undefined) blend(above[column]!, tile, extent, 'above');
      if (column > 0) blend(row[column - 1]!, tile, extent, 'left');
    }
    rows.push(row);
  }
  return joined(rows.map((row) => row.map((tile) => cut(tile, 0, 0, kept, kept))));
}

/** A copy of a part, smaller at the lower and right edges. */
function cut({ dims, data }: Tensor, top: number, left: number, height: number, width: number): Tensor {
  const [batch, channels, fullHeight, fullWidth] = dims as [number, number, number, number];
  const rows = Math.min(height, fullHeight - top);
  const columns = Math.min(width, fullWidth - left);
  const part = new Float32Array(batch * channels * rows * columns);
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let y = 0; y < rows; y++) {
      const from = (plane * fullHeight + top + y) * fullWidth + left;
      part.set(data.subarray(from, from + columns), (plane * rows + y) * columns);
    }
  }
  return { dims: [batch, channels, rows, columns], data: part };
}

/** Fades from the end of `before` into the start of `tile`, which is changed. */
function blend(before: Tensor, tile: Tensor, extent: number, side: 'above' | 'left'): void {
  const axis = side === 'above' ? 2 : 3;
  const along = Math.min(before.dims[axis]!, tile.dims[axis]!, extent);
  const planes = tile.dims[0]! * tile.dims[1]!;
  const [height, width] = [tile.dims[2]!, tile.dims[3]!];
  const [beforeHeight, beforeWidth] = [before.dims[2]!, before.dims[3]!];
  const [rows, columns] = side === 'above' ? [along, width] : [height, along];
  for (let plane = 0; plane < planes; plane++) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const share = (side === 'above' ? y : x) / along;
        const [fromY, fromX] =
          side === 'above' ? [beforeHeight - along + y, x] : [y, beforeWidth - along + x];
        const a = before.data[(plane * beforeHeight + fromY) * beforeWidth + fromX]!;
        const at = (plane * height + y) * width + x;
        tile.data[at] = mul32(a, f32(1 - share)) + mul32(tile.data[at]!, f32(share));
      }
    }
  }
}

function joined(rows: readonly (readonly Tensor[])[]): Tensor {
  const [batch, channels] = rows[0]![0]!.dims as [number, number];
  const height = rows.reduce((sum, [first]) => sum + first!.dims[2]!, 0);
  const width = rows[0]!.reduce((sum, { dims }) => sum + dims[3]!, 0);
  const dims = [batch, channels, height, width];
  const data = new Float32Array(sizeOf(dims));
  let top = 0;
  for (const row of rows) {
    let left = 0;
    for (const tile of row) {
      const [, , rows, columns] = tile.dims as [number, number, number, number];
      for (let plane = 0; plane < batch * channels; plane++) {
        for (let y = 0; y < rows; y++) {
          const from = (plane * rows + y) * columns;
          data.set(tile.data.subarray(from, from + columns), (plane * height + top + y) * width + left);
        }
      }
      left += columns;
    }
    top += row[0]!.dims[2]!;
  }
  return { dims, data };
}
