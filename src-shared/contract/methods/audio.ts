import { z } from 'zod';
import { mutation, query } from '../method.ts';
import { assetInfo, hostPath, projectId } from '../values.ts';

export const audioMethods = {
  /**
   * Copies a sound file of the host's machine into the project, after decoding it once. Browsers send theirs to
   * `/asset`. The document's `audio` then names it by its SHA-256.
   */
  'audio.import': mutation(z.strictObject({ project: projectId, file: hostPath }), assetInfo),
  /** What there is to see of a sound in the project. The first time takes about a second a minute of sound. */
  'audio.analysis': query(
    z.strictObject({ project: projectId, sound: z.string().min(1).max(1024) }),
    z.object({
      /** Seconds. */
      duration: z.number(),
      peaksPerSecond: z.number(),
      /** Base64 of one byte each: the loudest sample, 0 to 255. */
      peaks: z.string(),
      /** By time; `strength` from 0 to 1 of the strongest, for a sensitivity to choose by. */
      onsets: z.array(z.object({ time: z.number(), strength: z.number() })).readonly(),
      /** Beats a minute, the seconds of the first beat, and how well they fit (0 to 1). */
      tempo: z.object({ bpm: z.number(), offset: z.number(), confidence: z.number() }).nullable(),
    }),
  ),
};
