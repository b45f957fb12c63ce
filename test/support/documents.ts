import fc from 'fast-check';
import type { Command } from '../../src-shared/model/commands.ts';
import { parseDocument } from '../../src-shared/model/document.ts';
import type { ProjectDocument } from '../../src-shared/model/document-types.ts';
import type { PlanContext } from '../../src-shared/model/plan.ts';

/** A context for tests: no model has to be there to plan. */
export const CONTEXT: PlanContext = {
  fingerprint: 'f'.repeat(64),
  defaults: { width: 256, height: 256, steps: 15, guidanceScale: 5, scheduler: 'dpm++2m' },
};

export function documentOf(members: Record<string, unknown>): ProjectDocument {
  return parseDocument({ format: 'inbetween/1', model: 'fluent-world', ...members });
}

/** n keyframes with a prompt each, `gap` frames apart. */
export function walk(n: number, gap = 10, members: Record<string, unknown> = {}): ProjectDocument {
  return documentOf({
    ...members,
    keyframes: Array.from({ length: n }, (_, at) => ({
      frame: at * gap,
      prompt: `prompt ${at}`,
      ...(at === 0 ? { seed: 7 } : {}),
    })),
  });
}

const promptArbitrary = fc.oneof(
  fc.constantFrom('cat', 'dog', 'ship', ''),
  fc.array(
    fc.record({ text: fc.constantFrom('cat', 'dog', 'ship'), weight: fc.integer({ min: 1, max: 4 }) }),
    {
      minLength: 1,
      maxLength: 3,
    },
  ),
);

export const channelsArbitrary = fc.record(
  {
    prompt: promptArbitrary,
    negativePrompt: promptArbitrary,
    seed: fc.oneof(
      fc.nat(5),
      fc.array(fc.record({ seed: fc.nat(3), weight: fc.integer({ min: 1, max: 3 }) }), {
        minLength: 1,
        maxLength: 3,
      }),
    ),
    guidanceScale: fc.integer({ min: 0, max: 12 }),
    embeddingOffset: fc.constantFrom(0, 0.01, -0.02),
    noiseOrbit: fc.constantFrom(0, 0.25, 1, -0.5),
    steps: fc.integer({ min: 1, max: 30 }),
  },
  { requiredKeys: [] },
);

export const easingArbitrary = fc.oneof(
  fc.constantFrom(
    'linear' as const,
    'hold' as const,
    'ease-in' as const,
    'ease-out' as const,
    'ease-in-out' as const,
  ),
  fc.tuple(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.double({ min: -1, max: 2, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.double({ min: -1, max: 2, noNaN: true }),
  ),
);

export const documentArbitrary = fc
  .record({
    keyframes: fc.uniqueArray(
      fc
        .tuple(fc.nat(40), channelsArbitrary, fc.option(easingArbitrary, { nil: undefined }))
        .map(([frame, channels, easing]) => ({
          frame,
          ...channels,
          ...(easing === undefined ? {} : { easing }),
        })),
      { selector: ({ frame }) => frame, minLength: 1, maxLength: 6 },
    ),
    noise: fc.constantFrom('fixed', 'fresh'),
    interpolation: fc.record({
      prompt: fc.constantFrom('lerp', 'nlerp', 'slerp', 'slerp-tokens', 'spline'),
      seed: fc.constantFrom('slerp', 'lerp'),
    }),
  })
  .map(({ keyframes, ...members }) => {
    const [first, ...rest] = keyframes;
    return documentOf({ ...members, keyframes: [{ prompt: 'a lake', ...first }, ...rest] });
  });

const frame = fc.nat(50);
const channel = fc.constantFrom('prompt', 'negativePrompt', 'seed', 'guidanceScale', 'steps', 'noiseOrbit');

/** Commands of every kind; many do not fit the document that they meet and are refused. */
export const commandArbitrary: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ type: fc.constant('addKeyframe' as const), frame, channels: channelsArbitrary }),
  fc.record({
    type: fc.constant('moveKeyframes' as const),
    frames: fc.array(frame, { maxLength: 3 }),
    by: fc.integer({ min: -30, max: 30 }),
  }),
  fc.record({ type: fc.constant('removeKeyframes' as const), frames: fc.array(frame, { maxLength: 2 }) }),
  fc.record({
    type: fc.constant('setChannel' as const),
    frame,
    channel,
    value: fc.constantFrom('ship', 3, -1, [4]),
  }),
  fc.record({ type: fc.constant('clearChannel' as const), frame, channel }),
  fc.record({ type: fc.constant('setEasing' as const), frame, easing: fc.option(easingArbitrary) }),
  fc.record({ type: fc.constant('setEasing' as const), frame, easing: fc.option(easingArbitrary), channel }),
  fc.record({
    type: fc.constant('setSettings' as const),
    settings: fc.record(
      {
        name: fc.string({ maxLength: 8 }),
        length: fc.option(fc.integer({ min: 1, max: 60 })),
        sampler: fc.option(fc.record({ steps: fc.integer({ min: 1, max: 20 }) })),
        noise: fc.constantFrom('fixed' as const, 'fresh' as const),
      },
      { requiredKeys: [] },
    ),
  }),
  fc.record({
    type: fc.constant('setGrid' as const),
    grid: fc.option(
      fc.record({
        rows: fc.integer({ min: 1, max: 4 }),
        cols: fc.integer({ min: 1, max: 4 }),
        corners: fc.tuple(channelsArbitrary, channelsArbitrary, channelsArbitrary, channelsArbitrary),
      }),
    ),
  }),
  fc.record({ type: fc.constant('retime' as const), fps: fc.constantFrom(5, 12, 24, 23.976) }),
  fc.record({
    type: fc.constant('rippleInsert' as const),
    at: frame,
    frames: fc.integer({ min: 1, max: 20 }),
  }),
  fc.record({
    type: fc.constant('rippleDelete' as const),
    at: frame,
    frames: fc.integer({ min: 1, max: 20 }),
  }),
);
