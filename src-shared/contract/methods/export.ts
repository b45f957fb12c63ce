import { z } from 'zod';
import { mutation, query } from '../method.ts';
import {
  dither,
  maxBytes,
  palette,
  playbackShape,
  presetId,
  presetSchema,
  quality,
  sizeShape,
} from '../preset.ts';
import { blobId, frameRange, hostPath, jobId, projectId } from '../values.ts';

const choices = {
  project: projectId,
  of: z.enum(['timeline', 'grid']).exactOptional(),
  format: z.enum(['gif', 'mp4', 'webm', 'webp', 'jpg', 'png']).exactOptional(),
  preset: z.string().max(100).exactOptional(),
  range: frameRange.exactOptional(),
  quality: quality.exactOptional(),
  playback: z.strictObject(playbackShape).exactOptional(),
  size: z.strictObject(sizeShape).exactOptional(),
  dither: dither.exactOptional(),
  palette: palette.exactOptional(),
};

export const exportMethods = {
  'presets.list': query(
    z.strictObject({}),
    z.object({
      /** Those of the product, then the user's. */
      presets: z.array(presetSchema.extend({ custom: z.boolean() })).readonly(),
      /** Files among the user's presets that cannot be understood, and why. */
      problems: z.array(z.string()).readonly(),
    }),
  ),
  /** Keeps a preset of the user's; one of the same name is replaced. */
  'presets.save': mutation(z.strictObject({ preset: presetSchema }), z.object({ preset: presetSchema })),
  'presets.remove': mutation(z.strictObject({ id: presetId }), z.object({})),
  /**
   * Renders what is missing and writes the frames (`of: timeline`) or the grid. `out` is a path on the host whose
   * ending gives the format; without it the host keeps the file for `/download/<job>` and `format` says which
   * (`gif mp4 webm webp`, for a grid or a contact sheet `jpg png webp`). What is left out comes from the preset,
   * then from the project.
   */
  'export.start': mutation(
    z.strictObject({
      ...choices,
      out: hostPath.exactOptional(),
      /** Name of a file to be fetched, without its ending. */
      name: z.string().min(1).max(200).exactOptional(),
      /** A file of the name `out` is there: `number` takes the next free name. Default `replace`. */
      ifExists: z.enum(['replace', 'number']).exactOptional(),
      /**
       * `nearest`: nothing is rendered. A frame without its final picture is its draft, and where there is none it looks
       * like the nearest that is there.
       */
      missing: z.enum(['render', 'nearest']).exactOptional(),
      /** The file has at most so many bytes: quality is lowered, then the size, then frames are left out. */
      maxBytes: maxBytes.exactOptional(),
      /** Grids: pixels between cells, and rows and columns written under them. */
      gap: z.int().min(0).max(1000).exactOptional(),
      labels: z.boolean().exactOptional(),
    }),
    z.object({ job: jobId }),
  ),
  /**
   * What the file would have in bytes, by encoding some of the frames that are there, drafts where finals are missing;
   * and how a frame comes out. Sends progress.
   */
  'export.estimate': query(
    z.strictObject(choices),
    z.object({
      /** Null where no frame is there, or the format has no estimate. */
      estimate: z
        .object({
          bytes: z.number(),
          /** Two thirds of such estimates are expected to lie between these. */
          low: z.number(),
          high: z.number(),
          /** Frames that were encoded, of how many. */
          sampled: z.int(),
          frames: z.int(),
          /** All were encoded. */
          exact: z.boolean(),
          /** Frames that were judged by their draft, for want of their final picture. */
          drafts: z.int(),
        })
        .nullable(),
      /** A frame before and after encoding, PNG pictures of one size. */
      preview: z.object({ before: blobId, after: blobId }).nullable(),
    }),
  ),
};
