import { z } from 'zod';
import { frameNumberSchema } from '../../model/document-schema.ts';
import { query } from '../method.ts';
import { blobId, frameRange, projectId, revision } from '../values.ts';

const take = z.strictObject({
  seed: z.int().nonnegative(),
  amount: z.number().gt(0).max(1).exactOptional(),
});

/** Single frames: how they would look with other noise, and how far they are from their neighbours. */
export const frameMethods = {
  /** Where a frame's takes are: the picture that the frame would have if it were pinned to each, in order. */
  'takes.status': query(
    z.strictObject({
      project: projectId,
      frame: frameNumberSchema,
      takes: z.array(take).max(200),
    }),
    z.object({ takes: z.array(z.object({ key: blobId, cached: z.boolean() })).readonly() }),
  ),
  /** Renders one take into the project's cache, before the render job goes on; sends progress in steps. */
  'takes.render': query(
    z.strictObject({ project: projectId, frame: frameNumberSchema, take }),
    z.object({ key: blobId }),
  ),
  /**
   * How well a frame's takes match its prompt: the cosine of picture and words by a CLIP model, in the takes' order;
   * null where a take is not rendered. `clip` is null where no CLIP model is installed.
   */
  'takes.match': query(
    z.strictObject({
      project: projectId,
      frame: frameNumberSchema,
      takes: z.array(take).max(200),
    }),
    z.object({
      clip: z.object({ name: z.string(), title: z.string().nullable() }).nullable(),
      matches: z.array(z.number().nullable()).readonly(),
    }),
  ),
  /**
   * How far each frame is from the one before it: the RMS difference of their latents as a share of the latents' own
   * RMS; 0 for equal frames, about 1.4 for unrelated ones. Null where one of the two is not rendered, and for the first.
   */
  'frames.motion': query(
    z.strictObject({ project: projectId, range: frameRange.exactOptional() }),
    z.object({ revision, from: z.int(), distances: z.array(z.number().nullable()).readonly() }),
  ),
};
