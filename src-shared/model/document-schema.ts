import { z } from 'zod';
import { CHANNEL_NAMES, CHANNELS, PROMPT_METHODS, SEED_METHODS } from './channels.ts';
import { DOCUMENT_FORMAT } from './document-types.ts';
import { MAX_EASING_POINTS } from './easing-points.ts';
import { EASING_NAMES } from './easing.ts';
import { SCHEDULER_NAMES } from './frame-spec.ts';

/** Limits of a document. */
export const LIMITS = {
  frames: 100_000,
  fps: 120,
  minSize: 16,
  maxSize: 4096,
  steps: 1000,
  gridSide: 100,
  promptCharacters: 20_000,
  promptTerms: 64,
  markers: 1000,
  takes: 10_000,
} as const;

// Every schema's error text says what is accepted there; parse-errors.ts puts the path and the value in front.

function oneOf<const Names extends readonly string[]>(names: Names) {
  return z.enum(names, { error: `one of ${names.map((name) => `"${name}"`).join(', ')}` });
}

function text(characters: number, least = 0) {
  const error = `a text of ${least > 0 ? `${least} to ` : 'at most '}${characters.toLocaleString('en')} characters`;
  return z.string({ error }).min(least, { error }).max(characters, { error });
}

function numberIn(min: number, max: number) {
  const error = `a number from ${min} to ${max.toLocaleString('en', { maximumFractionDigits: 6 })}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
}

function wholeNumber(min: number, max: number, unit = '') {
  const limit = max === Number.MAX_SAFE_INTEGER ? '2^53 - 1' : max.toLocaleString('en');
  const error = `a whole number${unit} from ${min} to ${limit}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

const weight = z
  .number({ error: 'a number from -1,000 to 1,000' })
  .min(-1000, { error: 'a number from -1,000 to 1,000' })
  .max(1000, { error: 'a number from -1,000 to 1,000' });

const promptText = text(LIMITS.promptCharacters);
const promptListError = `1 to ${LIMITS.promptTerms} of {"text", "weight"}`;
const prompt = z.union(
  [
    promptText,
    z
      .array(z.strictObject({ text: promptText, weight }, { error: 'a {"text", "weight"}' }), {
        error: promptListError,
      })
      .min(1, { error: promptListError })
      .max(LIMITS.promptTerms, { error: promptListError })
      .refine((terms) => terms.reduce((sum, term) => sum + term.weight, 0) > 1e-9, {
        error: 'weights whose sum is greater than 0',
      }),
  ],
  { error: `a text, or a list of {"text", "weight"}` },
);

const seedNumber = wholeNumber(...CHANNELS.seed.range);
const seedWeightError = 'a number greater than 0, up to 1,000';
const seedListError = `1 to ${LIMITS.promptTerms} of {"seed", "weight"}`;
const seed = z.union(
  [
    seedNumber,
    z
      .array(
        z.strictObject(
          {
            seed: seedNumber,
            weight: z
              .number({ error: seedWeightError })
              .gt(0, { error: seedWeightError })
              .max(1000, { error: seedWeightError }),
          },
          { error: 'a {"seed", "weight"}' },
        ),
        { error: seedListError },
      )
      .min(1, { error: seedListError })
      .max(LIMITS.promptTerms, { error: seedListError }),
  ],
  { error: `a whole number from 0 to 2^53 - 1, or a list of {"seed", "weight"}` },
);

const assetError =
  'the SHA-256 of a picture in the project, or the path of one relative to the document, inside its folder, with "/"';
const asset = z
  .string({ error: assetError })
  .min(1, { error: assetError })
  .max(1024, { error: assetError })
  .refine((path) => !/^[/~]|^[A-Za-z][A-Za-z0-9+.-]*:|\\|\0/.test(path) && !path.split('/').includes('..'), {
    error: assetError,
  });

const bezierError = 'four numbers [x1, y1, x2, y2] with x1 and x2 from 0 to 1 and y1 and y2 from -10 to 10';
const bezierX = z
  .number({ error: bezierError })
  .min(0, { error: bezierError })
  .max(1, { error: bezierError });
const bezierY = z
  .number({ error: bezierError })
  .min(-10, { error: bezierError })
  .max(10, { error: bezierError });
const pointsError = `1 to ${MAX_EASING_POINTS} points [x, y], x increasing between 0 and 1, y from -10 to 10`;
const easingPoints = z
  .array(z.tuple([z.number({ error: pointsError }).gt(0).lt(1), bezierY], { error: pointsError }), {
    error: pointsError,
  })
  .min(1, { error: pointsError })
  .max(MAX_EASING_POINTS, { error: pointsError })
  .refine((points) => points.every(([x], at) => at === 0 || x > points[at - 1]![0]), { error: pointsError });
const easing = z.union(
  [oneOf(EASING_NAMES), z.tuple([bezierX, bezierY, bezierX, bezierY], { error: bezierError }), easingPoints],
  {
    error: `one of ${EASING_NAMES.map((name) => `"${name}"`).join(', ')}, [x1, y1, x2, y2], or a list of points [x, y]`,
  },
);
export { easing as easingSchema };
const easingByChannel = z.strictObject(
  Object.fromEntries(CHANNEL_NAMES.map((name) => [name, easing.exactOptional()])) as {
    [name in (typeof CHANNEL_NAMES)[number]]: z.ZodExactOptional<typeof easing>;
  },
  { error: 'an easing, or an object of easings by channel' },
);
/** One curve, or curves by channel. */
export const keyframeEasingSchema = z.union([...easing.options, easingByChannel], {
  error: `one of ${EASING_NAMES.map((name) => `"${name}"`).join(', ')}, [x1, y1, x2, y2], a list of points [x, y], or an object of these by channel`,
});

const imagesError = '1 to 16 of {"asset", "weight"} or {"text", "weight"}';

/** The schema of each channel's value. */
export const channelSchemas = {
  prompt,
  negativePrompt: prompt,
  seed,
  images: z
    .array(
      z.union([z.strictObject({ asset, weight }), z.strictObject({ text: promptText, weight })], {
        error: 'an {"asset", "weight"} or a {"text", "weight"}',
      }),
      { error: imagesError },
    )
    .min(1, { error: imagesError })
    .max(16, { error: imagesError }),
  initImage: asset.nullable(),
  strength: numberIn(...CHANNELS.strength.range),
  mask: asset.nullable(),
  guidanceScale: numberIn(...CHANNELS.guidanceScale.range),
  embeddingOffset: numberIn(...CHANNELS.embeddingOffset.range),
  noiseOrbit: numberIn(...CHANNELS.noiseOrbit.range),
  steps: wholeNumber(...CHANNELS.steps.range),
};

const optionalChannels = {
  prompt: channelSchemas.prompt.exactOptional(),
  negativePrompt: channelSchemas.negativePrompt.exactOptional(),
  seed: channelSchemas.seed.exactOptional(),
  images: channelSchemas.images.exactOptional(),
  initImage: channelSchemas.initImage.exactOptional(),
  strength: channelSchemas.strength.exactOptional(),
  mask: channelSchemas.mask.exactOptional(),
  guidanceScale: channelSchemas.guidanceScale.exactOptional(),
  embeddingOffset: channelSchemas.embeddingOffset.exactOptional(),
  noiseOrbit: channelSchemas.noiseOrbit.exactOptional(),
  steps: channelSchemas.steps.exactOptional(),
};

/** A set of channel values: a grid's corner, or what a command sets. */
export const channelValuesSchema = z.strictObject(optionalChannels, { error: 'an object of channel values' });

/** A keyframe's number: 0 to the largest frame of the longest timeline. */
export const frameNumberSchema = wholeNumber(0, LIMITS.frames - 1);

const keyframe = z.strictObject(
  { frame: frameNumberSchema, ...optionalChannels, easing: keyframeEasingSchema.exactOptional() },
  { error: 'a keyframe: {"frame", and the channels it sets}' },
);

const interpolation = z.strictObject(
  {
    prompt: oneOf(PROMPT_METHODS).exactOptional(),
    negativePrompt: oneOf(PROMPT_METHODS).exactOptional(),
    seed: oneOf(SEED_METHODS).exactOptional(),
  },
  { error: 'an object: {"prompt", "negativePrompt", "seed"}' },
);

const gridSide = wholeNumber(1, LIMITS.gridSide);
const cornersError = 'four sets of channel values: [topLeft, topRight, bottomLeft, bottomRight]';
export const gridSchema = z.strictObject(
  {
    rows: gridSide,
    cols: gridSide,
    corners: z.tuple([channelValuesSchema, channelValuesSchema, channelValuesSchema, channelValuesSchema], {
      error: cornersError,
    }),
    interpolation: interpolation.exactOptional(),
  },
  { error: 'a grid: {"rows", "cols", "corners"}' },
);

const side = z
  .int({ error: 'a multiple of 4 from 16 to 4096' })
  .min(LIMITS.minSize, { error: 'a multiple of 4 from 16 to 4096' })
  .max(LIMITS.maxSize, { error: 'a multiple of 4 from 16 to 4096' })
  .multipleOf(4, { error: 'a multiple of 4 from 16 to 4096' });

export const fpsSchema = numberIn(1, LIMITS.fps);

const rangeError = 'a {"from", "to"} of frames with "from" at most "to"';
const markersError = `at most ${LIMITS.markers.toLocaleString('en')} of {"frame", "name"}, sorted by frame`;
const takesError = `at most ${LIMITS.takes.toLocaleString('en')} of {"frame", "seed", "amount"}`;
const pinsError = `${takesError}, one a frame`;
const flagsError = `at most ${LIMITS.takes.toLocaleString('en')} of {"frame", "note"}, one a frame, sorted by frame`;
const amountError = 'a number greater than 0, up to 1';
const take = z.strictObject(
  {
    frame: frameNumberSchema,
    seed: seedNumber,
    amount: z
      .number({ error: amountError })
      .gt(0, { error: amountError })
      .max(1, { error: amountError })
      .exactOptional(),
  },
  { error: 'a take: {"frame", "seed", "amount"}' },
);
const audioOffset = numberIn(-3600, 3600);

const priorStepsError = 'a whole number from 2 to 1,000, or "ddim" and a number, such as "ddim25"';

/** The settings of a document: all members but the format and the keyframes. */
export const settingsSchemas = {
  name: text(200),
  notes: text(20_000).exactOptional(),
  model: text(1024, 1),
  size: z.strictObject({ width: side, height: side }, { error: 'a {"width", "height"}' }).exactOptional(),
  fps: fpsSchema,
  length: wholeNumber(1, LIMITS.frames, ' of frames').exactOptional(),
  sampler: z
    .strictObject(
      {
        scheduler: oneOf(SCHEDULER_NAMES).exactOptional(),
        steps: channelSchemas.steps.exactOptional(),
        guidanceScale: channelSchemas.guidanceScale.exactOptional(),
        guidanceRescale: numberIn(0, 1).exactOptional(),
        eta: numberIn(0, 1).exactOptional(),
        clipSkip: wholeNumber(0, 32).exactOptional(),
        vaeTiling: oneOf(['auto', 'on', 'off']).exactOptional(),
        overrides: z.record(z.string(), z.json(), { error: 'an object of JSON values' }).exactOptional(),
      },
      { error: 'an object of sampler settings' },
    )
    .exactOptional(),
  prior: z
    .strictObject(
      {
        steps: z
          .union(
            [wholeNumber(2, LIMITS.steps), z.string().regex(/^ddim\d{1,3}$/, { error: priorStepsError })],
            {
              error: priorStepsError,
            },
          )
          .exactOptional(),
        guidanceScale: channelSchemas.guidanceScale.exactOptional(),
        negativePrompt: promptText.exactOptional(),
      },
      { error: 'an object: {"steps", "guidanceScale", "negativePrompt"}' },
    )
    .exactOptional(),
  longPrompts: oneOf(['truncate', 'chunk']).exactOptional(),
  noise: oneOf(['fixed', 'fresh']).exactOptional(),
  interpolation: interpolation.exactOptional(),
  grid: gridSchema.exactOptional(),
  export: z
    .strictObject(
      { preset: text(100, 1).exactOptional(), loop: wholeNumber(0, 65_535).exactOptional() },
      { error: 'an object: {"preset", "loop"}' },
    )
    .exactOptional(),
  markers: z
    .array(
      z.strictObject({ frame: frameNumberSchema, name: text(100) }, { error: 'a marker: {"frame", "name"}' }),
      { error: markersError },
    )
    .max(LIMITS.markers, { error: markersError })
    .refine((list) => list.every(({ frame }, at) => at === 0 || list[at - 1]!.frame <= frame), {
      error: markersError,
    })
    .exactOptional(),
  range: z
    .strictObject({ from: frameNumberSchema, to: frameNumberSchema }, { error: rangeError })
    .refine(({ from, to }) => from <= to, { error: rangeError })
    .exactOptional(),
  beats: z
    .strictObject({ bpm: numberIn(20, 400), offset: audioOffset }, { error: 'a {"bpm", "offset"}' })
    .exactOptional(),
  audio: z
    .strictObject(
      { asset, offset: audioOffset, gain: numberIn(0, 2) },
      { error: 'a sound: {"asset", "offset", "gain"}' },
    )
    .exactOptional(),
  draft: z
    .strictObject({ steps: channelSchemas.steps.exactOptional() }, { error: 'an object: {"steps"}' })
    .exactOptional(),
  takes: z.array(take, { error: takesError }).max(LIMITS.takes, { error: takesError }).exactOptional(),
  pins: z
    .array(take, { error: pinsError })
    .max(LIMITS.takes, { error: pinsError })
    .refine((list) => new Set(list.map(({ frame }) => frame)).size === list.length, { error: pinsError })
    .exactOptional(),
  flags: z
    .array(
      z.strictObject(
        { frame: frameNumberSchema, note: text(1000).exactOptional() },
        { error: 'a flag: {"frame", "note"}' },
      ),
      { error: flagsError },
    )
    .max(LIMITS.takes, { error: flagsError })
    .refine((list) => list.every(({ frame }, at) => at === 0 || list[at - 1]!.frame < frame), {
      error: flagsError,
    })
    .exactOptional(),
};

/** The shape of a document; what a shape cannot say (one keyframe a frame, a prompt somewhere) is in document.ts. */
export const documentSchema = z.strictObject(
  {
    $schema: text(1024).exactOptional(),
    format: z.literal(DOCUMENT_FORMAT, { error: `"${DOCUMENT_FORMAT}"` }),
    ...settingsSchemas,
    name: settingsSchemas.name.default('Untitled'),
    fps: settingsSchemas.fps.default(12),
    keyframes: z
      .array(keyframe, { error: 'a list of keyframes' })
      .max(LIMITS.frames, { error: `at most ${LIMITS.frames.toLocaleString('en')} keyframes` })
      .default([]),
  },
  { error: `a document: {"format": "${DOCUMENT_FORMAT}", "model", "keyframes", …}` },
);
