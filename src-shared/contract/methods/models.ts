import { z } from 'zod';
import { SCHEDULER_NAMES } from '../../model/frame-spec.ts';
import { mutation, query } from '../method.ts';
import { hostPath, modelRef } from '../values.ts';

const installedModel = z.object({
  name: z.string(),
  origin: z.enum(['embedded', 'user']),
  folder: z.string(),
  title: z.string().nullable(),
});
const problem = z.object({
  severity: z.enum(['error', 'warning']),
  path: z.string().nullable(),
  message: z.string(),
});
const size = z.object({ width: z.int(), height: z.int() });

export const modelMethods = {
  'models.list': query(z.strictObject({}), z.object({ models: z.array(installedModel).readonly() })),
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
  /** Copies a model folder among the user's models; sends progress in bytes. */
  'models.import': mutation(
    z.strictObject({ folder: hostPath, name: z.string().min(1).max(64).exactOptional() }),
    z.object({ model: installedModel, problems: z.array(problem).readonly() }),
  ),
};
