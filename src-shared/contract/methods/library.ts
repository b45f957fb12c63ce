import { z } from 'zod';
import { mutation, query } from '../method.ts';
import { hostPath, jobId, projectId } from '../values.ts';

/** Projects as files: what was opened lately, copies. */
export const libraryMethods = {
  /** The last projects that were opened on this host and are still there, the latest first. */
  'library.recent': query(
    z.strictObject({}),
    z.object({
      projects: z
        .array(
          z.object({
            file: z.string(),
            name: z.string(),
            /** Milliseconds since 1970. */
            opened: z.number(),
          }),
        )
        .readonly(),
    }),
  ),
  /** Takes a project off that list; the file stays. */
  'library.forget': mutation(z.strictObject({ file: hostPath }), z.object({})),
  /**
   * Writes all of an open project (document, history, pictures, frames) into another `.inbetween` file of the host's
   * machine. Without `file` the copy is kept for `/download/<download>`.
   */
  'library.saveCopy': mutation(
    z.strictObject({ project: projectId, file: hostPath.exactOptional() }),
    z.object({ file: z.string().nullable(), download: jobId.nullable(), name: z.string() }),
  ),
};
