/**
 * Remaining time of a job from the pace of its latest frames. Time is a parameter, so it can be tested.
 * Cached frames cost nothing and are not counted as work.
 */
export interface Estimator {
  /** A frame was finished at `now` (milliseconds); `work` weighs it against others (default 1). */
  frameDone(now: number, work?: number): void;
  /** Milliseconds left for `remaining` work, of which `part` is done already; undefined until known. */
  remainingMs(remaining: number, part: number, now: number): number | undefined;
  /** Time until `now` does not count: the work was at rest. */
  rested(now: number): void;
  /** Milliseconds per frame lately; undefined until known. */
  frameMs(): number | undefined;
}

/** How strongly the newest frame counts: about the last eight frames decide, so a slow first frame is forgotten. */
const NEWEST_WEIGHT = 0.25;

export function createEstimator(start: number): Estimator {
  let last = start;
  let perFrame: number | undefined;
  let perWork: number | undefined;
  let frames = 0;
  // The first frame also opens the model: it counts only until there is a second one.
  const blended = (before: number | undefined, value: number): number =>
    before === undefined || frames <= 2 ? value : before + NEWEST_WEIGHT * (value - before);
  return {
    frameDone(now, work = 1) {
      const took = Math.max(0, now - last);
      last = now;
      frames += 1;
      perFrame = blended(perFrame, took);
      perWork = blended(perWork, took / work);
    },
    remainingMs(remaining, part, now) {
      if (remaining <= 0) return 0;
      if (perWork === undefined) {
        if (part <= 0) return undefined;
        return ((now - last) / part) * (remaining - part);
      }
      return Math.max(0, perWork * (remaining - part));
    },
    rested(now) {
      last = now;
    },
    frameMs: () => perFrame,
  };
}
