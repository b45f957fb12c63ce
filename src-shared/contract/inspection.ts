import { z } from 'zod';
import { blobId } from './values.ts';

/**
 * What the inspector shows of one frame's diffusion loop. The command line writes the same records as JSON, with file
 * names where the window gets blob ids.
 */

/** A picture, PNG: `/blob/<id>` in the window, a file name beside the JSON otherwise. */
const picture = blobId;

export const statistics = z.object({
  mean: z.number(),
  /** Unbiased, as torch.std. */
  std: z.number(),
  min: z.number(),
  max: z.number(),
  /** Euclidean length. */
  norm: z.number(),
});

const histogram = z.object({ from: z.number(), to: z.number(), counts: z.array(z.int()).readonly() });

/** A tensor [1, C, h, w] of the loop. */
export const latentView = z.object({
  shape: z.array(z.int()).readonly(),
  statistics,
  channels: z.array(statistics).readonly(),
  histogram,
  /** Channels as grey tiles, row by row, without gaps; `scale` is shown white, its negative black, 0 mid grey. */
  tiles: z.object({ picture, columns: z.int(), rows: z.int(), scale: z.number() }),
  /** In approximate colours, without the decoder; null where the model's colours are not known, or for noise. */
  colours: picture.nullable(),
});

/** An embedding [1, tokens, width]. */
export const embeddingView = z.object({
  shape: z.array(z.int()).readonly(),
  statistics,
  /** Euclidean length of each token's row. */
  norms: z.array(z.number()).readonly(),
  /** The first values of the first rows. */
  head: z.array(z.array(z.number()).readonly()).readonly(),
  /** One row of pixels a token, one column a component. */
  map: z.object({ picture, scale: z.number() }),
});

const spelled = { id: z.int(), piece: z.string(), text: z.string() };
export const promptTokens = z.object({
  /** Component folder of the text encoder. */
  encoder: z.string(),
  contextLength: z.int(),
  chunks: z
    .array(
      z
        .array(
          z.object({
            ...spelled,
            role: z.enum(['start', 'text', 'end', 'padding']),
            weight: z.number(),
            attended: z.boolean(),
          }),
        )
        .readonly(),
    )
    .readonly(),
  /** Tokens that did not fit. */
  cut: z.array(z.object(spelled)).readonly(),
});

export const inspectionStart = z.object({
  frame: z.int(),
  /** Key of the frame; a blob id once it is rendered. */
  key: blobId,
  width: z.int(),
  height: z.int(),
  /** The noise recipe in words. */
  noiseOf: z.string(),
  guidanceScale: z.number(),
  texts: z
    .array(
      z.object({
        text: z.string(),
        uses: z.array(z.enum(['prompt', 'negative'])).readonly(),
        encoders: z.array(promptTokens).readonly(),
        embedding: embeddingView,
      }),
    )
    .readonly(),
  /** What the model is given after blending; no negative where guidance is off. */
  prompt: embeddingView,
  negative: embeddingView.nullable(),
  schedule: z.object({
    scheduler: z.string(),
    prediction: z.enum(['epsilon', 'v_prediction', 'sample']),
    timesteps: z.array(z.number()).readonly(),
    /** Noise to signal before every evaluation and after the last, one more than timesteps. */
    sigmas: z.array(z.number()).readonly(),
    initNoiseSigma: z.number(),
    /** Evaluations left out at the start: image to image. */
    skipped: z.int(),
  }),
  /** Starting noise of unit variance, and the latents that it becomes. */
  noise: latentView,
  latents: latentView,
});

/** Tensors of a step; see LoopStep of the engine. */
export const STEP_TENSORS = [
  'next',
  'noise',
  'denoised',
  'input',
  'guided',
  'conditional',
  'unconditional',
] as const;

export const inspectionStep = z.object({
  /** 1 .. steps. */
  step: z.int(),
  steps: z.int(),
  timestep: z.number(),
  /** Noise to signal before and after. */
  sigma: z.number(),
  sigmaNext: z.number(),
  /** Latents after the step. */
  next: latentView,
  /** The noise that the prediction stands for; the prediction itself for models that predict noise. */
  noise: latentView,
  /** The model's output after guidance, and its two parts; `unconditional` is null where guidance is off. */
  guided: latentView,
  conditional: latentView,
  unconditional: latentView.nullable(),
  /** The clean latents x0 that the prediction stands for. */
  denoised: latentView,
  /** What the model was given. */
  input: latentView,
});

export const inspectionEnd = z.object({
  latents: latentView,
  picture,
  notes: z.array(z.string()).readonly(),
  /** Whether the frame's stored latents are bit for bit these; null where the frame is not stored. */
  equalsStored: z.boolean().nullable(),
});

export type StatisticsRecord = z.infer<typeof statistics>;
export type LatentView = z.infer<typeof latentView>;
export type EmbeddingView = z.infer<typeof embeddingView>;
export type InspectionStart = z.infer<typeof inspectionStart>;
export type InspectionStep = z.infer<typeof inspectionStep>;
export type InspectionEnd = z.infer<typeof inspectionEnd>;
export type StepTensor = (typeof STEP_TENSORS)[number];
