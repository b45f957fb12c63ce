import { setImmediate } from 'node:timers/promises';

/** Work on the host's thread stops this often for what waits: windows count gaps above 50 ms as freezing. */
const SLICE_MS = 8;

/** For long loops: `await breathe()` in each turn gives way to messages whenever a slice of time is used up. */
export function createBreather(
  clock: () => number = () => performance.now(),
): () => Promise<void> | undefined {
  let start = clock();
  return () => {
    if (clock() - start < SLICE_MS) return undefined;
    return setImmediate().then(() => {
      start = clock();
    });
  };
}
