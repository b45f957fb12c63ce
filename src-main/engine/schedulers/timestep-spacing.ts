import type { ConfigReader } from './config-reader.ts';
import { countDown, linspace64, roundHalfEven } from './linspace.ts';

/** Table 2 of "Common Diffusion Noise Schedules and Sample Steps are Flawed" (arXiv 2305.08891). */
export const TIMESTEP_SPACINGS = ['linspace', 'leading', 'trailing'] as const;
export type TimestepSpacing = (typeof TIMESTEP_SPACINGS)[number];

export interface SpacingSettings {
  readonly spacing: TimestepSpacing;
  readonly offset: number;
  readonly steps: number;
  readonly trainTimesteps: number;
}

export interface SpacedTimesteps {
  /** Falling, length = steps. */
  readonly timesteps: readonly number[];
  readonly notes: readonly string[];
}

/** Reads timestep_spacing and steps_offset. */
export function readSpacing(
  reader: ConfigReader,
  fallback: TimestepSpacing,
  size: { readonly steps: number; readonly trainTimesteps: number },
): SpacingSettings {
  return {
    spacing: reader.choice('timestep_spacing', fallback, TIMESTEP_SPACINGS),
    offset: reader.integer('steps_offset', 0),
    ...size,
  };
}

/**
 * Timesteps of DDPM, DDIM, PNDM ('rounded') and LMS, Euler, Heun ('fractional'), highest first
 * (set_timesteps of diffusers 0.42.1).
 */
export function spaceTimesteps(settings: SpacingSettings, kind: 'rounded' | 'fractional'): SpacedTimesteps {
  const { spacing, offset, steps, trainTimesteps } = settings;
  switch (spacing) {
    case 'linspace': {
      const even = linspace64(0, trainTimesteps - 1, steps).reverse();
      return { timesteps: even.map(kind === 'rounded' ? roundHalfEven : Math.fround), notes: [] };
    }
    case 'leading': {
      const ratio = Math.floor(trainTimesteps / steps);
      return { timesteps: falling(steps, (i) => i * ratio + offset), notes: [] };
    }
    case 'trailing':
      return trailing(trainTimesteps, trainTimesteps / steps, steps);
  }
}

/**
 * Timesteps of the multistep solvers DPM-Solver, UniPC and DEIS: the training range without its end is cut into
 * steps + 1 points and the lowest is left out.
 * @param last number of training timesteps that may be used (DPM-Solver's lambda_min_clipped takes some away)
 */
export function spaceSolverTimesteps(settings: SpacingSettings, last: number): SpacedTimesteps {
  const { spacing, offset, steps, trainTimesteps } = settings;
  switch (spacing) {
    case 'linspace': {
      const even = linspace64(0, last - 1, steps + 1).map(roundHalfEven);
      return { timesteps: even.slice(1).reverse(), notes: [] };
    }
    case 'leading': {
      const ratio = Math.floor(last / (steps + 1));
      return { timesteps: falling(steps, (i) => (i + 1) * ratio + offset), notes: [] };
    }
    case 'trailing':
      return trailing(last, trainTimesteps / steps, steps);
  }
}

function falling(count: number, value: (i: number) => number): number[] {
  return Array.from({ length: count }, (_, i) => value(count - 1 - i));
}

/** For some numbers of steps (61, 103, 121, …) the float64 count-down has one entry too many, timestep −1. */
function trailing(start: number, ratio: number, steps: number): SpacedTimesteps {
  const all = countDown(start, ratio).map((value) => roundHalfEven(value) - 1);
  const notes =
    all.length > steps
      ? [
          `Trailing spacing with ${steps} steps yields ${all.length} timesteps by rounding; timestep ${all[steps]} was left out.`,
        ]
      : [];
  return { timesteps: all.slice(0, steps), notes };
}
