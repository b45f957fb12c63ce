/** Waits between restarts, in milliseconds: doubled from failure to failure, within bounds. */
export interface BackOff {
  readonly firstMs: number;
  readonly lastMs: number;
  /** Consecutive failures after which there is no further restart. */
  readonly attempts: number;
}

export const ENGINE_BACK_OFF: BackOff = { firstMs: 250, lastMs: 10_000, attempts: 5 };

/** The wait after the given number of consecutive failures (1 or more); undefined when it is time to give up. */
export function waitAfter(failures: number, { firstMs, lastMs, attempts }: BackOff): number | undefined {
  if (failures >= attempts) return undefined;
  return Math.min(lastMs, firstMs * 2 ** (failures - 1));
}
