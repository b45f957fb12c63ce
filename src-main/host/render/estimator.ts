/**
 * Remaining time of a job from the pace of its latest frames. Time is a parameter, so it can be tested.
 * Cached frames cost nothing and are not counted as work.
 */
export interface Estimator {
  /** A frame was finished at `now` (milliseconds). */
  frameDone(now: number): void;
  /** Milliseconds left for `remaining` frames, the current one being `fraction` (0..1) done; undefined until known. */
  remainingMs(remaining: number, fraction: number, now: number): number | undefined;
  /** Milliseconds per frame lately; undefined until known. */
  frameMs(): number | undefined;
}

/** How strongly the newest frame counts: about the last eight frames decide, so a slow first frame is forgotten. */
const NEWEST_WEIGHT = 0.25;

export function createEstimator(start: number): Estimator {
  let last = start;
  let pace: number | undefined;
  return {
    frameDone(now) {
      const took = Math.max(0, now - last);
      last = now;
      pace = pace === undefined ? took : pace + NEWEST_WEIGHT * (took - pace);
    },
    remainingMs(remaining, fraction, now) {
      if (remaining <= 0) return 0;
      if (pace === undefined) {
        if (fraction <= 0) return undefined;
        return ((now - last) / fraction) * (remaining - fraction);
      }
      return Math.max(0, pace * (remaining - fraction));
    },
    frameMs: () => pace,
  };
}
