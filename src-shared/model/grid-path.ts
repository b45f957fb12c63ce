import { AppError } from '../kernel/errors.ts';
import type { ChannelName, PromptValue, SeedValue } from './channels.ts';
import { LIMITS } from './document-schema.ts';
import type { Keyframe, ProjectDocument } from './document-types.ts';
import { cornerValues, gridOf } from './grid.ts';
import { clamp, tidy } from './numbers.ts';

/** A point of the grid: u from left (0) to right (1), v from top (0) to bottom (1). */
export interface GridPoint {
  readonly u: number;
  readonly v: number;
}

type Weights = readonly [number, number, number, number];

/**
 * Keyframes that travel along a path drawn through the document's grid: the first point at `start`, the last
 * `frames - 1` frames later, those between by the path's length (at least one frame apart). Prompts become weighted
 * lists of the corners' prompts, seeds of different corners weighted lists of seeds, numbers bilinear values; held
 * channels come from the nearest corner. A point in a corner has the corner's own values.
 *
 * Between two keyframes the timeline goes straight, which is the grid's own surface along its rows and columns; on
 * slanted strokes more points follow it more closely.
 * @throws AppError `invalid-document`: no grid.
 * @throws AppError `invalid-input`: too few points, or more points than frames.
 */
export function keyframesFromGridPath(
  document: ProjectDocument,
  path: readonly GridPoint[],
  timing: { readonly start?: number; readonly frames: number },
): Keyframe[] {
  const grid = gridOf(document);
  const start = timing.start ?? 0;
  const points = path.map(({ u, v }) => ({ u: clamp(u, 0, 1), v: clamp(v, 0, 1) }));
  if (points.length < 2 || points.some(({ u, v }) => !Number.isFinite(u) || !Number.isFinite(v))) {
    throw new AppError(
      'invalid-input',
      `A path of ${path.length} points is not enough; accepted are two or more.`,
    );
  }
  if (
    !Number.isInteger(timing.frames) ||
    timing.frames < points.length ||
    start + timing.frames > LIMITS.frames
  ) {
    throw new AppError(
      'invalid-input',
      `${timing.frames} frames are not accepted for ${points.length} points from frame ${start}; accepted are ${points.length} to ${LIMITS.frames - start}.`,
    );
  }
  const frames = spread(points, start, timing.frames);
  return points.map(({ u, v }, at): Keyframe => {
    const weights: Weights = [(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v];
    const nearest = (v < 0.5 ? 0 : 2) + (u < 0.5 ? 0 : 1);
    const values: { [channel in ChannelName]?: unknown } = {};
    for (const channel of ['prompt', 'negativePrompt'] as const) {
      const corners = cornerValues(grid, channel);
      if (corners) values[channel] = mixPrompts(corners, weights);
    }
    const seeds = cornerValues(grid, 'seed');
    if (seeds) values.seed = mixSeeds(seeds, weights);
    for (const channel of ['strength', 'guidanceScale', 'embeddingOffset', 'noiseOrbit'] as const) {
      const corners = cornerValues(grid, channel);
      if (corners)
        values[channel] = tidy(corners.reduce((sum, value, corner) => sum + value * weights[corner]!, 0));
    }
    for (const channel of ['initImage', 'mask', 'steps'] as const) {
      const corners = cornerValues(grid, channel);
      if (corners) values[channel] = corners[nearest];
    }
    return { frame: frames[at]!, ...values } as Keyframe;
  });
}

/** Frame numbers by the length of the path so far, each at least one after the one before. */
function spread(points: readonly GridPoint[], start: number, frames: number): number[] {
  const along = [0];
  for (let at = 1; at < points.length; at++) {
    const [from, to] = [points[at - 1]!, points[at]!];
    along.push(along[at - 1]! + Math.sqrt((to.u - from.u) ** 2 + (to.v - from.v) ** 2));
  }
  const whole = along.at(-1)!;
  const last = points.length - 1;
  const numbers: number[] = [];
  for (let at = 0; at <= last; at++) {
    const part = whole > 0 ? along[at]! / whole : at / last;
    const wanted = Math.round(part * (frames - 1));
    // At least one frame after the point before, and room for the points that follow.
    numbers.push(
      start +
        Math.min(Math.max(wanted, at === 0 ? 0 : numbers[at - 1]! - start + 1), frames - 1 - (last - at)),
    );
  }
  return numbers;
}

function mixPrompts(corners: readonly PromptValue[], weights: Weights): PromptValue {
  const terms = new Map<string, number>();
  corners.forEach((prompt, corner) => {
    const list = typeof prompt === 'string' ? [{ text: prompt, weight: 1 }] : prompt;
    const sum = list.reduce((total, term) => total + term.weight, 0);
    for (const { text, weight } of list) {
      terms.set(text, (terms.get(text) ?? 0) + (weight / sum) * weights[corner]!);
    }
  });
  const mixed = [...terms]
    .map(([text, weight]) => ({ text, weight: tidy(weight) }))
    .filter(({ weight }) => weight !== 0);
  return mixed.length === 1 ? mixed[0]!.text : mixed;
}

function mixSeeds(corners: readonly SeedValue[], weights: Weights): SeedValue {
  const terms = new Map<number, number>();
  corners.forEach((value, corner) => {
    const list = typeof value === 'number' ? [{ seed: value, weight: 1 }] : value;
    const sum = list.reduce((total, term) => total + term.weight, 0);
    for (const { seed, weight } of list) {
      terms.set(seed, (terms.get(seed) ?? 0) + (weight / sum) * weights[corner]!);
    }
  });
  const mixed = [...terms]
    .map(([seed, weight]) => ({ seed, weight: tidy(weight) }))
    .filter(({ weight }) => weight > 0);
  return mixed.length === 1 ? mixed[0]!.seed : mixed;
}
