/**
 * Kandinsky's mask on the latents' grid: 1 keeps, 0 repaints. Every repainted cell also repaints its neighbours to the
 * north, west, north-west, south, east and south-east, as the reference implementations do.
 * @param repaint 1 = repaint, [rows · columns]
 */
export function keepMask(repaint: Float32Array, columns: number): Float32Array {
  const rows = repaint.length / columns;
  const keep = new Float32Array(repaint.length).fill(1);
  const clear = (y: number, x: number): void => {
    if (y >= 0 && x >= 0 && y < rows && x < columns) keep[y * columns + x] = 0;
  };
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      if (repaint[y * columns + x] !== 1) continue;
      for (const [down, right] of [
        [0, 0],
        [-1, 0],
        [0, -1],
        [-1, -1],
        [1, 0],
        [0, 1],
        [1, 1],
      ] as const) {
        clear(y + down, x + right);
      }
    }
  }
  return keep;
}
