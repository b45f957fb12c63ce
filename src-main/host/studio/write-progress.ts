import type { JobProgress } from '../../../src-shared/contract/values.ts';

/** Before that the start of the encoder is all that was measured. */
const SETTLE_MS = 700;

/** Progress of writing with the time that is left; never falls, also where several attempts are written. */
export function writeProgress(
  clock: () => number,
  tell: (progress: JobProgress) => void,
): (progress: { readonly done: number; readonly total: number }) => void {
  let start = 0;
  let most = 0;
  return ({ done, total }) => {
    const now = clock();
    const fraction = total === 0 ? 1 : done / total;
    // A new attempt: its time is its own.
    if (start === 0 || done <= 1) start = now;
    most = Math.max(most, fraction);
    const elapsed = now - start;
    tell({
      phase: 'write',
      done,
      total,
      fraction: most,
      remainingMs: elapsed < SETTLE_MS || fraction < 0.05 ? null : (elapsed / fraction) * (1 - fraction),
      frameMs: null,
    });
  };
}
