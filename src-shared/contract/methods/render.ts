import { z } from 'zod';
import { frameNumberSchema } from '../../model/document-schema.ts';
import { SCHEDULER_NAMES } from '../../model/frame-spec.ts';
import { mutation, query } from '../method.ts';
import { blobId, documentInput, frameRange, jobId, modelRef, projectId, revision } from '../values.ts';
import { commandList } from './project.ts';

const positive = z.int().positive();

export const renderMethods = {
  /** What an edit would cost, without making it. */
  'plan.changed': query(
    z.strictObject({ project: projectId, commands: commandList }),
    z.object({
      /** Frames whose picture would be another one, in order. */
      frames: z.array(z.int()).readonly(),
      /** Distinct pictures among them that would have to be rendered. */
      missing: z.int(),
      /** Milliseconds for those; null until a frame of this project has been timed. */
      estimatedMs: z.number().nullable(),
    }),
  ),
  /** Which frames are there. `keys[i]` and `cached[i]` are those of frame `from + i`; a key is a blob id. */
  'frames.status': query(
    z.strictObject({
      project: projectId,
      range: frameRange.exactOptional(),
      /** As in `render.start`. */
      revision: revision.exactOptional(),
      /** Whether drafts are looked for as well. */
      drafts: z.boolean().exactOptional(),
    }),
    z.object({
      revision,
      from: z.int(),
      keys: z.array(blobId).readonly(),
      cached: z.array(z.boolean()).readonly(),
      /** Drafts that are stored of frames that are not; empty unless asked for. */
      drafts: z.array(z.object({ frame: z.int(), key: blobId })).readonly(),
      /** Frames that could not be rendered since the host started, and why. */
      failed: z.array(z.object({ frame: z.int(), message: z.string() })).readonly(),
      /** Distinct pictures that are missing, and the time they would take. */
      missing: z.int(),
      estimatedMs: z.number().nullable(),
    }),
  ),
  /** The same of the grid, cells row by row from the top left. */
  'grid.status': query(
    z.strictObject({ project: projectId }),
    z.object({
      revision,
      rows: z.int(),
      cols: z.int(),
      keys: z.array(blobId).readonly(),
      cached: z.array(z.boolean()).readonly(),
      missing: z.int(),
      estimatedMs: z.number().nullable(),
    }),
  ),
  /** Everything that decides a frame's picture, for the inspector; `spec` is a FrameSpec. */
  'frames.spec': query(
    z.strictObject({ project: projectId, frame: frameNumberSchema }),
    z.object({ key: blobId, cached: z.boolean(), spec: z.record(z.string(), z.unknown()) }),
  ),
  /**
   * Renders what is missing, coarse to fine, the playhead's frame first. A project has one such job at a time: it
   * replaces the one before, as after an edit.
   */
  'render.start': mutation(
    z.strictObject({
      project: projectId,
      of: z.enum(['timeline', 'grid']).exactOptional(),
      range: frameRange.exactOptional(),
      /**
       * Of the document that the range is meant for. Where an edit has come between, frames that are gone are left out;
       * without it, or for the document of now, a range that goes beyond the last frame is an error.
       */
      revision: revision.exactOptional(),
      playhead: frameNumberSchema.exactOptional(),
      /** Drafts of all frames before the final ones; without it final ones only. */
      drafts: z.boolean().exactOptional(),
      /** Tries frames again that failed before; otherwise they are left out. */
      retry: z.boolean().exactOptional(),
      /** Starts at rest, as the job that it replaces was. */
      paused: z.boolean().exactOptional(),
    }),
    z.object({ job: jobId }),
  ),
  /** The render job rests: the frame under way is given up, what is stored stays. */
  'render.pause': mutation(z.strictObject({ project: projectId }), z.object({})),
  'render.resume': mutation(z.strictObject({ project: projectId }), z.object({})),
  /** Ends the project's render job, if there is one. */
  'render.cancel': mutation(z.strictObject({ project: projectId }), z.object({})),
  /** The frame (or cell) that the render job computes next when it is missing. */
  'render.setPlayhead': mutation(
    z.strictObject({ project: projectId, frame: frameNumberSchema }),
    z.object({}),
  ),
  /** One picture that is kept in no project; sends progress in steps. Its blob lives until newer ones push it out. */
  'image.render': query(
    z.union([
      z.strictObject({
        model: modelRef,
        prompt: z.string().max(20_000),
        negativePrompt: z.string().max(20_000).exactOptional(),
        seed: z.int().nonnegative().exactOptional(),
        steps: positive.max(1000).exactOptional(),
        guidanceScale: z.number().min(0).max(100).exactOptional(),
        scheduler: z.enum(SCHEDULER_NAMES).exactOptional(),
        width: positive.max(4096).exactOptional(),
        height: positive.max(4096).exactOptional(),
      }),
      /** Frame 0 of a document, for everything that the short form cannot say. */
      z.strictObject({ document: documentInput }),
    ]),
    z.object({
      blob: blobId,
      width: z.int(),
      height: z.int(),
      notes: z.array(z.string()).readonly(),
    }),
  ),
};
