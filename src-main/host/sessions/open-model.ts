import type { LoopStep } from '../../engine/loop-observer.ts';
import { createPipeline } from '../../engine/pipelines/families.ts';
import { type Observation, observeFrame } from '../../engine/observe-frame.ts';
import { createLatentPreview } from '../../engine/pipelines/latent-preview.ts';
import { lessonPicture } from '../../engine/pipelines/preview-lessons.ts';
import type {
  FrameRequest,
  FrameResult,
  RenderHooks,
  RgbImage,
  SessionSource,
  StepPreview,
} from '../../engine/ports.ts';
import { renderFrames } from '../../engine/render-frame.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';
import type { LoadedModel } from './protocol.ts';

/** Told of the first frame of a batch while it comes about. */
export type OnPreview = (preview: StepPreview) => void;

/** A model folder ready to render; sessions are opened when a stage needs them. */
export interface OpenModel {
  /** Frames that share a model batch; one always does. */
  render(
    requests: readonly FrameRequest[],
    hooks: RenderHooks,
    onPreview?: OnPreview,
  ): Promise<FrameResult[]>;
  /** One frame and everything inside its loop; see observeFrame. */
  observe(request: FrameRequest, signal: AbortSignal): AsyncGenerator<Observation, void, void>;
  decode(latents: Tensor): Promise<RgbImage>;
}

/** Eyes and the wire need no more. */
const PREVIEW_EVERY_MS = 60;
/** Latent positions that the lessons need before they are general enough. */
const LESSON_POSITIONS = 1500;
const MAX_LESSONS = 8;
/** Without an encoder: the share of the steps after which the first frame is decoded once instead. */
const FIRST_LESSON = 0.25;

/** @throws {AppError} invalid-model when the folder's files make no pipeline. */
export function openModel(model: LoadedModel, sessions: SessionSource): OpenModel {
  const pipeline = createPipeline(sessions, model.files);
  const preview = createLatentPreview();

  /** Once in the life of this process and model: how its latents look. */
  const study = async ({ step, steps, denoised }: LoopStep, { spec }: FrameRequest): Promise<void> => {
    if (pipeline.encode !== undefined) {
      const positions = (denoised.dims[2] ?? 1) * (denoised.dims[3] ?? 1);
      const lessons = Math.min(MAX_LESSONS, Math.ceil(LESSON_POSITIONS / positions));
      for (let number = 0; number < lessons; number++) {
        const picture = lessonPicture(spec.width, spec.height, number);
        preview.learn(await pipeline.encode(picture), picture, 'lasting');
      }
    } else if (step >= steps * FIRST_LESSON) {
      preview.learn(denoised, await pipeline.decode(denoised), 'lasting');
    }
  };

  return {
    async render(requests, hooks, onPreview) {
      if (onPreview === undefined) return renderFrames(pipeline, requests, hooks);
      let shownAt = Number.NEGATIVE_INFINITY;
      const results = await renderFrames(pipeline, requests, {
        ...hooks,
        observer: {
          ...hooks.observer,
          async stepped(loop) {
            await hooks.observer?.stepped?.(loop);
            const { frame, step, steps, denoised } = loop;
            if (frame !== 0 || step === steps) return;
            if (!preview.isReady) await study(loop, requests[0] as FrameRequest);
            const now = performance.now();
            if (now - shownAt < PREVIEW_EVERY_MS) return;
            shownAt = now;
            const image = preview.picture(denoised);
            if (image !== undefined) onPreview({ step, steps, image });
          },
        },
      });
      const [first] = results;
      if (first !== undefined) preview.learn(first.latents, first.image, 'passing');
      return results;
    },
    observe: (request, signal) =>
      observeFrame(pipeline, request, {
        signal,
        async paint(latents, step) {
          if (!preview.isReady) await study({ ...step, latents: step.denoised }, request);
          return preview.picture(latents);
        },
      }),
    decode: (latents) => pipeline.decode(latents),
  };
}
