import { z } from 'zod';
import { SCHEDULER_NAMES } from '../../model/frame-spec.ts';
import { mutation, query } from '../method.ts';
import { hostPath, modelRef } from '../values.ts';

const installedModel = z.object({
  name: z.string(),
  origin: z.enum(['embedded', 'user']),
  folder: z.string(),
  title: z.string().nullable(),
  /** Makes pictures, or compares them with words. */
  kind: z.enum(['pictures', 'clip']),
});
const modelName = z.string().min(1).max(64);
const problem = z.object({
  severity: z.enum(['error', 'warning']),
  path: z.string().nullable(),
  message: z.string(),
});
const size = z.object({ width: z.int(), height: z.int() });

export const modelMethods = {
  'models.list': query(
    z.strictObject({}),
    z.object({
      models: z.array(installedModel).readonly(),
      /** Downloads that were begun and not ended; fetching the same repository goes on. */
      partial: z.array(z.object({ repo: z.string(), hub: z.string(), total: z.number() })).readonly(),
    }),
  ),
  /** What the model's files say about it. */
  'models.info': query(
    z.strictObject({ ref: modelRef }),
    z.object({
      folder: z.string(),
      fingerprint: z.string(),
      family: z.string(),
      className: z.string(),
      title: z.string().nullable(),
      description: z.string().nullable(),
      license: z.string().nullable(),
      /** Tokens of one run of the text encoder; null where only its session knows. */
      contextLength: z.int().nullable(),
      nativeSize: size,
      /** Width and height must be multiples of this. */
      sizeMultiple: z.int(),
      imageToImage: z.boolean(),
      inpainting: z.enum(['none', 'blend', 'channels']),
      /** Of its files on the disk. */
      bytes: z.number(),
      /** Milliseconds of a frame at its own size and steps, as measured here; null until one was rendered. */
      frameMs: z.number().nullable(),
      defaults: z.object({
        steps: z.int(),
        guidanceScale: z.number(),
        scheduler: z.enum(SCHEDULER_NAMES),
        width: z.int(),
        height: z.int(),
      }),
    }),
  ),
  /** Opens the model's graphs; takes seconds for large ones. */
  'models.check': query(
    z.strictObject({ ref: modelRef }),
    z.object({ problems: z.array(problem).readonly() }),
  ),
  /** Where the model is computed, and what was tried for it; takes seconds when something has to be tried. */
  'models.provider': query(
    z.strictObject({ ref: modelRef }),
    z.object({
      requested: z.string(),
      provider: z.string(),
      attempts: z
        .array(
          z.object({
            provider: z.string(),
            usable: z.boolean(),
            /** Why it is not usable. */
            reason: z.string().nullable(),
            /** One call of a component, and the same on the CPU. */
            milliseconds: z.number().nullable(),
            cpuMilliseconds: z.number().nullable(),
          }),
        )
        .readonly(),
    }),
  ),
  /** Copies a model folder among the user's models; sends progress in bytes. */
  'models.import': mutation(
    z.strictObject({ folder: hostPath, name: modelName.exactOptional() }),
    z.object({ model: installedModel, problems: z.array(problem).readonly() }),
  ),
  /**
   * Fetches a model from the Hugging Face hub: `owner/name`, or the address of its page; sends progress in bytes. What
   * has arrived stays when it is cancelled.
   */
  'models.fetch': mutation(
    z.strictObject({ repo: z.string().min(1).max(300), name: modelName.exactOptional() }),
    z.object({ model: installedModel, problems: z.array(problem).readonly() }),
  ),
  /** Throws away what has arrived of a download. */
  'models.discard': mutation(z.strictObject({ repo: z.string().min(1).max(300) }), z.object({})),
  /** Models of the user's only. Projects name their model: those of the old name do not find it any more. */
  'models.rename': mutation(
    z.strictObject({ name: modelName, to: modelName }),
    z.object({ model: installedModel }),
  ),
  /** Deletes the files of a model of the user's. */
  'models.remove': mutation(z.strictObject({ name: modelName }), z.object({})),
};
