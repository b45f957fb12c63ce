import { z } from 'zod';
import { namePatternProblem } from '../model/export-name.ts';

export const FILM_FORMATS = ['gif', 'mp4', 'webm', 'webp', 'png'] as const;
export const PRESET_FORMAT = 'inbetween-preset/1';

/** Between two frames. */
export const MOST_CROSS_FADES = 9;

export const playbackShape = {
  fps: z.number().gt(0).max(240).exactOptional(),
  loop: z.int().min(0).max(65_535).exactOptional(),
  pingPong: z.boolean().exactOptional(),
  holdFirst: z.number().min(0).max(600).exactOptional(),
  holdLast: z.number().min(0).max(600).exactOptional(),
  crossFades: z.int().min(0).max(MOST_CROSS_FADES).exactOptional(),
};
export const sizeShape = {
  width: z.int().min(16).max(16_384),
  height: z.int().min(16).max(16_384),
  fit: z.enum(['contain', 'cover', 'stretch']),
  background: z.enum(['blur', 'black', 'white']),
};
export const quality = z.int().min(1).max(100);
export const dither = z.enum(['bayer', 'sierra', 'none']);
export const palette = z.enum(['global', 'per-frame']);
/** Bytes that a file may have at most. */
export const maxBytes = z.int().min(2000).max(1e12);
/** Lower-case words with dashes: the name on the command line, and of the file. */
export const presetId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, {
  error: 'a name of lower-case letters, digits and dashes, at most 64',
});
/** Name of a file, without its ending, with fields such as {project} and {date}. */
export const namePattern = z
  .string()
  .min(1)
  .max(200)
  .superRefine((pattern, context) => {
    const message = namePatternProblem(pattern);
    if (message !== '') context.addIssue({ code: 'custom', message });
  });

const shape = {
  id: presetId,
  title: z.string().min(1).max(80),
  description: z.string().max(300),
  format: z.enum([...FILM_FORMATS, 'grid']),
  playback: z.strictObject(playbackShape).exactOptional(),
  size: z.strictObject(sizeShape).exactOptional(),
  quality: quality.exactOptional(),
  dither: dither.exactOptional(),
  palette: palette.exactOptional(),
  maxBytes: maxBytes.exactOptional(),
  /** What files are called that are given no other name; without it the project's name. */
  name: namePattern.exactOptional(),
  /** Contact sheets only. */
  sheet: z
    .strictObject({
      columns: z.int().min(1).max(1000),
      gap: z.int().min(0).max(1000),
      labels: z.boolean(),
      width: z.int().min(16).max(16_384),
    })
    .exactOptional(),
};

/** A named way to export: what it is for, and the choices it makes. What it leaves open comes from the project. */
export const presetSchema = z.strictObject(shape);
export type Preset = z.infer<typeof presetSchema>;

/** A preset as a file that people hand on. */
export const presetFileSchema = z.strictObject({ preset: z.literal(PRESET_FORMAT), ...shape });
