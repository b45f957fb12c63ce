/** Weights of a grid's corners: top left, top right, bottom left, bottom right. They sum to 1. */
export type CornerWeights = readonly [number, number, number, number];

/** Bilinear weights at u (0 = left, 1 = right) and v (0 = top, 1 = bottom). */
export function bilinear(u: number, v: number): CornerWeights {
  return [(1 - v) * (1 - u), (1 - v) * u, v * (1 - u), v * u];
}

/** Bilinear weights of a cell, its row and column counted from 0; the four outer cells are the corners. */
export function cellWeights(row: number, col: number, rows: number, cols: number): CornerWeights {
  return bilinear(cols > 1 ? col / (cols - 1) : 0, rows > 1 ? row / (rows - 1) : 0);
}
