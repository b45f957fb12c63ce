import { z } from 'zod';
import { mutation, query } from '../method.ts';
import { frameRange, hostPath, jobId, projectId } from '../values.ts';

const FORMATS = ['gif', 'mp4', 'webm', 'webp', 'png'] as const;
const playback = {
  fps: z.number().gt(0).max(1000).exactOptional(),
  loop: z.int().min(0).max(65_535).exactOptional(),
  pingPong: z.boolean().exactOptional(),
  holdFirst: z.number().min(0).max(600).exactOptional(),
  holdLast: z.number().min(0).max(600).exactOptional(),
};
const size = {
  width: z.int().min(16).max(16_384),
  height: z.int().min(16).max(16_384),
  fit: z.enum(['contain', 'cover', 'stretch']),
  background: z.enum(['blur', 'black', 'white']),
};
const preset = z.object({
  id: z.string(),
  title: z.string(),
  description: z.string(),
  format: z.enum([...FORMATS, 'grid']),
  playback: z.object(playback).exactOptional(),
  size: z.object(size).exactOptional(),
  quality: z.number().exactOptional(),
  dither: z.enum(['bayer', 'sierra', 'none']).exactOptional(),
  palette: z.enum(['global', 'per-frame']).exactOptional(),
  sheet: z.object({ columns: z.int(), gap: z.int(), labels: z.boolean(), width: z.int() }).exactOptional(),
});

export const exportMethods = {
  'presets.list': query(z.strictObject({}), z.object({ presets: z.array(preset).readonly() })),
  /**
   * Renders what is missing and writes the frames (`of: timeline`) or the grid. `out` is a path on the host whose
   * ending gives the format; without it the host keeps the file for `/download/<job>` and `format` says which
   * (`gif mp4 webm webp`, for a grid or a contact sheet `jpg png webp`). What is left out comes from the preset,
   * then from the project.
   */
  'export.start': mutation(
    z.strictObject({
      project: projectId,
      of: z.enum(['timeline', 'grid']).exactOptional(),
      out: hostPath.exactOptional(),
      format: z.enum(['gif', 'mp4', 'webm', 'webp', 'jpg', 'png']).exactOptional(),
      preset: z.string().max(100).exactOptional(),
      range: frameRange.exactOptional(),
      quality: z.int().min(1).max(100).exactOptional(),
      playback: z.strictObject(playback).exactOptional(),
      size: z.strictObject(size).exactOptional(),
      dither: z.enum(['bayer', 'sierra', 'none']).exactOptional(),
      palette: z.enum(['global', 'per-frame']).exactOptional(),
      /** Grids: pixels between cells. */
      gap: z.int().min(0).max(1000).exactOptional(),
    }),
    z.object({ job: jobId }),
  ),
};
