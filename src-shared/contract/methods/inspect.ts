import { z } from 'zod';
import { frameNumberSchema } from '../../model/document-schema.ts';
import { inspectionEnd, inspectionStart, inspectionStep, STEP_TENSORS } from '../inspection.ts';
import { mutation, query } from '../method.ts';
import { blobId, projectId } from '../values.ts';

const inspectionId = z.string({ error: 'the id of an inspection' }).min(1).max(64);

export const inspectMethods = {
  /**
   * Starts the loop of one frame and holds it before its first step. Other frames are rendered meanwhile. A project has
   * one inspection at a time, a host has one that can go on; an earlier one ends.
   */
  'inspect.start': mutation(
    z.strictObject({ project: projectId, frame: frameNumberSchema }),
    z.object({ inspection: inspectionId, start: inspectionStart }),
  ),
  /** One step of the loop, after which it stands still again; after the last step the picture. */
  'inspect.next': mutation(
    z.strictObject({ project: projectId, inspection: inspectionId }),
    z.union([z.object({ step: inspectionStep }), z.object({ end: inspectionEnd })]),
  ),
  /** A tensor of a step that was shown, through the model's own decoder. */
  'inspect.decode': query(
    z.strictObject({
      project: projectId,
      inspection: inspectionId,
      /** 0: the starting latents. */
      step: z.int().nonnegative(),
      tensor: z.enum(STEP_TENSORS),
    }),
    z.object({ picture: blobId }),
  ),
  /** Breaks the loop off. What it has shown can be looked at until another inspection starts. */
  'inspect.end': mutation(z.strictObject({ project: projectId, inspection: inspectionId }), z.object({})),
};
