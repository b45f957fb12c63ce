/** Frames that one question covers: the first answer must not wait for ten thousand. */
const SLICE = 1500;

export interface Slice {
  readonly from: number;
  readonly to: number;
}

/** The frames of a timeline in slices, the one that holds `first` before the others. */
export function statusSlices(count: number, first: number, size = SLICE): Slice[] {
  const slices: Slice[] = [];
  for (let from = 0; from < count; from += size) slices.push({ from, to: Math.min(count, from + size) - 1 });
  const own = slices.findIndex(({ from, to }) => first >= from && first <= to);
  return own <= 0 ? slices : [slices[own] as Slice, ...slices.toSpliced(own, 1)];
}
