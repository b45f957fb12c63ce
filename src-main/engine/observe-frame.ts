import type { LoopSchedule, LoopStart, LoopStep } from './loop-observer.ts';
import type { Pipeline } from './pipelines/pipeline.ts';
import type { PromptTokens } from './pipelines/prompt-tokens.ts';
import type { FrameRequest, FrameResult, RgbImage } from './ports.ts';
import { renderFrame } from './render-frame.ts';
import { divide, scale, weightedSum } from './tensor/ops.ts';
import type { Tensor } from './tensor/tensor.ts';

/** A prompt of a frame on its way into the model. */
export interface ObservedText {
  readonly text: string;
  readonly tokens: readonly PromptTokens[];
  /** [1, tokens, width], stress applied. */
  readonly embedding: Tensor;
}

/** What an observed frame tells, in this order: conditioned, started, stepped (once a step), finished. */
export type Observation =
  | {
      readonly kind: 'conditioned';
      readonly texts: readonly ObservedText[];
      /** The blend that the model is given, [1, tokens, width]. */
      readonly prompt: Tensor;
      /** Null where guidance is off. */
      readonly negative: Tensor | null;
    }
  | ({ readonly kind: 'started' } & Omit<LoopStart, 'frame'>)
  | ({
      readonly kind: 'stepped';
      /** The noise that the prediction stands for, whatever the model predicts. */
      readonly noise: Tensor;
      readonly colours: StepColours;
    } & Omit<LoopStep, 'frame'>)
  | { readonly kind: 'finished'; readonly result: FrameResult };

/** Latents of a step in approximate colours; null where nothing is known of the model's colours. */
export interface StepColours {
  /** Brought to unit variance first: noisy latents are otherwise far out of any colour. */
  readonly next: RgbImage | null;
  readonly noise: RgbImage | null;
  readonly denoised: RgbImage | null;
}

export interface ObserveOptions {
  readonly signal: AbortSignal;
  /** A small picture of latents of unit variance, without the decoder; asked at `step` and after. */
  paint(latents: Tensor, step: LoopStep): Promise<RgbImage | undefined>;
}

/**
 * Renders one frame and tells everything inside its loop, one observation for each `next()`: between two calls the loop
 * stands still, so it can be paused for as long as anybody wants, and no more than one step is held in memory. The
 * frame is the one that {@link renderFrame} makes. Ended early, it stops at the next step.
 * @throws {AppError} as {@link renderFrame}
 */
export async function* observeFrame(
  pipeline: Pipeline,
  request: FrameRequest,
  { signal, paint }: ObserveOptions,
): AsyncGenerator<Observation, void, void> {
  const ended = new AbortController();
  const gate = createGate<Observation>();
  let schedule: LoopSchedule | undefined;
  const colour = async (latents: Tensor, step: LoopStep) => (await paint(latents, step)) ?? null;
  const coloursOf = async (step: LoopStep, predicted: Tensor): Promise<StepColours> => {
    const { signal: share, noise } = schedule?.levels[step.step] ?? { signal: 1, noise: 0 };
    const denoised = await colour(step.denoised, step);
    const next = await colour(scale(step.next, 1 / Math.hypot(share, noise)), step);
    return { denoised, next, noise: await colour(predicted, step) };
  };
  const { text: settings } = request.spec;
  const frame = renderFrame(pipeline, request, {
    signal: AbortSignal.any([signal, ended.signal]),
    observer: {
      conditioned: ({ texts, conditioning }) =>
        gate.pass({
          kind: 'conditioned',
          texts: [...texts].map(([text, embedding]) => ({
            text,
            tokens: pipeline.promptTokens(text, settings),
            embedding,
          })),
          prompt: conditioning.prompt,
          negative: conditioning.negative,
        }),
      started: ({ frame: _, ...start }) => {
        schedule = start.schedule;
        return gate.pass({ kind: 'started', ...start });
      },
      stepped: async (step) => {
        const { frame: _, ...rest } = step;
        const noise = schedule?.prediction === 'epsilon' ? step.guided : noiseIn(step);
        return gate.pass({ kind: 'stepped', noise, colours: await coloursOf(step, noise), ...rest });
      },
    },
  }).then((result): Observation => ({ kind: 'finished', result }));
  try {
    for (;;) {
      const observation = await Promise.race([gate.next(), frame]);
      yield observation;
      if (observation.kind === 'finished') return;
      gate.open();
    }
  } finally {
    ended.abort();
    gate.close();
    frame.catch(() => {});
  }
}

/** (x − signal·x0) / noise */
function noiseIn({ latents, denoised, level }: LoopStep): Tensor {
  return divide(weightedSum([1, latents], [-level.signal, denoised]), level.noise);
}

interface Gate<Value> {
  /** Whoever passes a value waits until the gate is opened. */
  pass(value: Value): Promise<void>;
  next(): Promise<Value>;
  open(): void;
  /** Nobody takes values any more; whoever waits goes on. */
  close(): void;
}

function createGate<Value>(): Gate<Value> {
  let waiting = Promise.withResolvers<Value>();
  let passed = Promise.withResolvers<void>();
  let isClosed = false;
  return {
    async pass(value) {
      if (isClosed) return;
      waiting.resolve(value);
      await passed.promise;
    },
    next: () => waiting.promise,
    open() {
      waiting = Promise.withResolvers<Value>();
      passed.resolve();
      passed = Promise.withResolvers<void>();
    },
    close() {
      isClosed = true;
      passed.resolve();
    },
  };
}
