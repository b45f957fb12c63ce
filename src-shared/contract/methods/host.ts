import { z } from 'zod';
import { mutation, query } from '../method.ts';
import { hostPath, jobId, jobInfo } from '../values.ts';

const nothing = z.object({});

export const hostMethods = {
  'host.info': query(
    z.strictObject({}),
    z.object({
      version: z.string(),
      platform: z.string(),
      /** Where a file dialog starts. */
      home: z.string(),
      /** No project was made here yet. */
      isFirstRun: z.boolean(),
      /** Example projects that come with the studio: absolute paths and the names inside. */
      examples: z.array(z.object({ file: z.string(), name: z.string() })).readonly(),
    }),
  ),
  /** For a file dialog of a window on another machine. Hidden files are left out. */
  'files.list': query(
    z.strictObject({ folder: hostPath }),
    z.object({
      folder: z.string(),
      /** Null at the top. */
      parent: z.string().nullable(),
      entries: z
        .array(
          z.object({
            name: z.string(),
            /** A model is a folder with a model_index.json; other files are left out. */
            kind: z.enum(['folder', 'model', 'project', 'picture', 'export']),
            /** Bytes; 0 for folders. */
            size: z.number(),
            /** Milliseconds since 1970. */
            modified: z.number(),
          }),
        )
        .readonly(),
    }),
  ),
  'jobs.list': query(z.strictObject({}), z.object({ jobs: z.array(jobInfo).readonly() })),
  /** Ends a job of any kind; what it has stored stays. Ending one that is over does nothing. */
  'jobs.cancel': mutation(z.strictObject({ job: jobId }), nothing),
};
