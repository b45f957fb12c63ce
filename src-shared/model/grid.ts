import { AppError } from '../kernel/errors.ts';
import type { ChannelName, ChannelValues, SeedMethod } from './channels.ts';
import { blendConditioning, conditioningOf, withoutSpline } from './conditioning.ts';
import type { DocumentGrid, ProjectDocument } from './document-types.ts';
import type { BlendMethod, FrameSpec } from './frame-spec.ts';
import { type FrameState, type PlanContext, specOf } from './frame-state.ts';
import { blendNoise, noiseOf } from './noise.ts';
import { imageAt } from './image-track.ts';
import { interpolateNumber } from './numbers.ts';
import { imagesOfFuse, imagesOfNegative, imagesOfNoNegative, imagesOfPrompt } from './prior-recipe.ts';
import { imagesRefused, type TimelineState, valuesAt } from './plan.ts';

/** A planned grid; cells row by row, top left first. */
export interface GridPlan {
  readonly rows: number;
  readonly cols: number;
  readonly cells: readonly FrameSpec[];
}

type Four<Item> = readonly [topLeft: Item, topRight: Item, bottomLeft: Item, bottomRight: Item];

/**
 * The cells of the document's grid. Cell (row r, column c) has u = c / (cols - 1), v = r / (rows - 1) and is the
 * blend by v of two blends by u: of the top corners and of the bottom corners (the `linspace_l` of four prompts).
 * Corners are exact. Held channels (initial picture, mask, steps) come from the nearest corner.
 *
 * A channel that some corners leave out takes the value of the first corner that sets it; one that no corner sets
 * takes the timeline's value at frame 0, and then the default. `noise: "fresh"` adds the cell's number to the seeds.
 * @throws AppError `invalid-document`: no grid, no prompt, image conditions, a mask without a picture.
 * @throws AppError `invalid-asset`: a path that no asset key is known for.
 */
export function planGrid(document: ProjectDocument, context: PlanContext): GridPlan {
  const grid = gridOf(document);
  const states = cornerStates(document, grid, context);
  const interpolation = grid.interpolation ?? document.interpolation ?? {};
  const methods = {
    prompt: withoutSpline(interpolation.prompt ?? 'lerp'),
    negative: withoutSpline(interpolation.negativePrompt ?? 'lerp'),
    seed: interpolation.seed ?? 'slerp',
  };
  const { rows, cols } = grid;
  const cells: FrameSpec[] = [];
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const state = cellState(states, methods, share(col, cols), share(row, rows));
      cells.push(specOf(document, context, state, cells.length, `Grid cell ${row + 1}/${col + 1}`));
    }
  }
  return { rows, cols, cells };
}

/** @throws AppError `invalid-document`: the document has no grid. */
export function gridOf(document: ProjectDocument): DocumentGrid {
  if (document.grid !== undefined) return document.grid;
  throw new AppError(
    'invalid-document',
    'The document has no grid; accepted is one with "grid": {"rows", "cols", "corners": [topLeft, topRight, bottomLeft, bottomRight]}.',
  );
}

/** The value of a channel in each corner; undefined where no corner sets it. */
export function cornerValues<Channel extends ChannelName>(
  grid: DocumentGrid,
  channel: Channel,
): Four<ChannelValues[Channel]> | undefined {
  const own = grid.corners.map((corner) => corner[channel] as ChannelValues[Channel] | undefined);
  const first = own.find((value) => value !== undefined);
  if (first === undefined) return undefined;
  return own.map((value) => (value === undefined ? first : value)) as unknown as Four<ChannelValues[Channel]>;
}

function share(at: number, count: number): number {
  return count === 1 ? 0 : at / (count - 1);
}

function cornerStates(document: ProjectDocument, grid: DocumentGrid, context: PlanContext): Four<FrameState> {
  const withImages = grid.corners.findIndex(({ images }) => images !== undefined);
  if (withImages >= 0 && context.defaults.image === undefined) {
    throw imagesRefused(`grid.corners[${withImages}].images`, document);
  }
  const timeline: TimelineState = valuesAt(document, 0);
  const of = <Channel extends ChannelName>(channel: Channel) => cornerValues(grid, channel);
  const prompts = of('prompt')?.map(conditioningOf) ?? Array(4).fill(timeline.prompt);
  const negatives = of('negativePrompt')?.map(conditioningOf);
  const noises = of('seed')?.map(noiseOf);
  const initImages = of('initImage');
  const strengths = of('strength');
  const masks = of('mask');
  const guidance = of('guidanceScale');
  const offsets = of('embeddingOffset');
  const orbits = of('noiseOrbit');
  const steps = of('steps');
  const images = cornerImages(document, grid, context, (corner) => noises?.[corner] ?? timeline.noise);
  return [0, 1, 2, 3].map((corner): FrameState => {
    const image = images[corner];
    const given = prompts[corner] as FrameState['prompt'] | undefined;
    const prompt = given ?? (image === undefined ? undefined : conditioningOf(''));
    if (prompt === undefined) {
      throw new AppError(
        'invalid-document',
        'No corner of the grid and no keyframe sets a prompt; accepted is a grid with at least one "prompt" in its corners.',
      );
    }
    return {
      prompt,
      negative: negatives?.[corner] ?? timeline.negative,
      noise: noises?.[corner] ?? timeline.noise,
      initImage: initImages === undefined ? timeline.initImage : initImages[corner]!,
      strength: strengths?.[corner] ?? timeline.strength,
      mask: masks === undefined ? timeline.mask : masks[corner]!,
      guidanceScale: guidance?.[corner] ?? timeline.guidanceScale,
      embeddingOffset: offsets?.[corner] ?? timeline.embeddingOffset,
      noiseOrbit: orbits?.[corner] ?? timeline.noiseOrbit,
      steps: steps?.[corner] ?? timeline.steps,
      ...(image === undefined ? {} : { image }),
    };
  }) as unknown as Four<FrameState>;
}

/** The corners' image embeddings: of their pictures, else of their prompts, else the timeline's at frame 0. */
function cornerImages(
  document: ProjectDocument,
  grid: DocumentGrid,
  context: PlanContext,
  noiseOfCorner: (corner: number) => FrameState['noise'],
): readonly FrameState['image'][] {
  if (context.defaults.image === undefined) return [];
  const prompts = cornerValues(grid, 'prompt');
  const negatives = cornerValues(grid, 'negativePrompt');
  const timeline = imageAt(document, context, 0);
  return grid.corners.map(({ images }, corner) => {
    const situation = { negative: negatives?.[corner] ?? '', noise: noiseOfCorner(corner) };
    const prompt = prompts?.[corner];
    const positive =
      images !== undefined
        ? imagesOfFuse(document, context, images, situation, `Grid corner ${corner + 1}`)
        : prompt !== undefined
          ? imagesOfPrompt(document, context, prompt, situation)
          : timeline?.positive;
    if (positive === undefined) return undefined;
    const negative =
      negatives === undefined
        ? (timeline?.negative ?? imagesOfNoNegative(document, context, noiseOfCorner(0)))
        : imagesOfNegative(document, context, situation);
    return { positive, negative };
  });
}

function cellState(
  corners: Four<FrameState>,
  methods: { prompt: BlendMethod; negative: BlendMethod; seed: SeedMethod },
  u: number,
  v: number,
): FrameState {
  const bilinear = <Value>(
    of: (state: FrameState) => Value,
    blend: (from: Value, to: Value, t: number) => Value,
  ): Value => blend(blend(of(corners[0]), of(corners[1]), u), blend(of(corners[2]), of(corners[3]), u), v);
  const nearest = corners[(v < 0.5 ? 0 : 2) + (u < 0.5 ? 0 : 1)]!;
  return {
    prompt: bilinear(
      (state) => state.prompt,
      (from, to, t) => blendConditioning(methods.prompt, from, to, t),
    ),
    negative: bilinear(
      (state) => state.negative,
      (from, to, t) => blendConditioning(methods.negative, from, to, t),
    ),
    noise: bilinear(
      (state) => state.noise,
      (from, to, t) => blendNoise(methods.seed, from, to, t),
    ),
    strength: bilinear((state) => state.strength, interpolateNumber),
    guidanceScale:
      nearest.guidanceScale === undefined
        ? undefined
        : bilinear((state) => state.guidanceScale!, interpolateNumber),
    embeddingOffset: bilinear((state) => state.embeddingOffset, interpolateNumber),
    noiseOrbit: corners.every((state) => state.noiseOrbit === undefined)
      ? undefined
      : bilinear((state) => state.noiseOrbit ?? 0, interpolateNumber),
    initImage: nearest.initImage,
    mask: nearest.mask,
    steps: nearest.steps,
    ...(corners.some(({ image }) => image === undefined)
      ? {}
      : {
          image: {
            positive: bilinear(
              ({ image }) => image!.positive,
              (from, to, t) => blendConditioning(methods.prompt, from, to, t),
            ),
            negative: bilinear(
              ({ image }) => image!.negative,
              (from, to, t) => blendConditioning(methods.negative, from, to, t),
            ),
          },
        }),
  };
}
