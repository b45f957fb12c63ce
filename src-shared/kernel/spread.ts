/** So many of the items at most, evenly spread: the first and the last among them, or the middle one where it is one. */
export function spread<Item>(items: readonly Item[], most: number): Item[] {
  if (items.length <= most) return [...items];
  if (most === 1) return [items[Math.floor(items.length / 2)]!];
  return Array.from({ length: most }, (_, at) => items[Math.round((at * (items.length - 1)) / (most - 1))]!);
}
