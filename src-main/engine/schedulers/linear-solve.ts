import { div32, mul32, sub32 } from '../tensor/float32.ts';

/**
 * Solves A·x = b by elimination with partial pivoting in float32 (LAPACK sgesv's method).
 * @param rows square and regular; neither argument is changed
 */
export function solveLinear(rows: readonly (readonly number[])[], right: readonly number[]): number[] {
  const n = right.length;
  const a = rows.map((row) => [...row]);
  const x = [...right];
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++) {
      if (Math.abs(a[row]![column]!) > Math.abs(a[pivot]![column]!)) pivot = row;
    }
    [a[column], a[pivot]] = [a[pivot]!, a[column]!];
    [x[column], x[pivot]] = [x[pivot]!, x[column]!];
    for (let row = column + 1; row < n; row++) {
      const factor = div32(a[row]![column]!, a[column]![column]!);
      for (let k = column; k < n; k++) a[row]![k] = sub32(a[row]![k]!, mul32(factor, a[column]![k]!));
      x[row] = sub32(x[row]!, mul32(factor, x[column]!));
    }
  }
  for (let row = n - 1; row >= 0; row--) {
    for (let k = row + 1; k < n; k++) x[row] = sub32(x[row]!, mul32(a[row]![k]!, x[k]!));
    x[row] = div32(x[row]!, a[row]![row]!);
  }
  return x;
}
