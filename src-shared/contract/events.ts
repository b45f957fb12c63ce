import { z } from 'zod';
import { wireErrorSchema } from './envelope.ts';
import {
  blobId,
  documentDiff,
  historyState,
  jobId,
  jobInfo,
  jobProgress,
  projectId,
  revision,
  tierName,
} from './values.ts';

const ofJob = { job: jobId, project: projectId };

/**
 * Everything that a host tells unasked. Events that name a project go to the connections that have it open, the
 * others to all.
 */
export const EVENTS = {
  /**
   * The document changed from revision `from` to `revision`. A window that is at `from` applies the diff
   * (model/diff.ts), one that is at `revision` or later ignores it, any other asks for the document.
   */
  'project.changed': z.object({
    project: projectId,
    from: revision,
    revision,
    diff: documentDiff,
    label: z.string().nullable(),
    history: historyState,
    /** `reload`: another process has changed the file. */
    cause: z.enum(['command', 'gesture', 'undo', 'redo', 'reload']),
    /** The connection that did it; null for `reload`. */
    client: z.string().nullable(),
  }),
  'job.started': jobInfo,
  /** It was paused or resumed. */
  'job.changed': jobInfo,
  /** At most about ten a second for a job. */
  'job.progress': z.object({ ...ofJob, ...jobProgress.shape }),
  /** A picture has just been stored and can be shown. */
  'job.frame': z.object({
    ...ofJob,
    of: z.enum(['timeline', 'grid']),
    /** Frame of the timeline, or cell of the grid. */
    index: z.int(),
    tier: tierName,
    blob: blobId,
    /** Milliseconds. */
    costMs: z.number(),
  }),
  /** How the frame that is computed right now looks: small, at most some fifteen a second, soon forgotten. */
  'frame.preview': z.object({
    ...ofJob,
    of: z.enum(['timeline', 'grid']),
    index: z.int(),
    tier: tierName,
    /** Model evaluations done and planned. */
    step: z.int(),
    steps: z.int(),
    blob: blobId,
  }),
  /** One frame cannot be rendered; the job goes on with the others. */
  'frame.failed': z.object({
    ...ofJob,
    of: z.enum(['timeline', 'grid']),
    index: z.int(),
    message: z.string(),
  }),
  'job.done': z.object({
    ...ofJob,
    /** Frames or cells altogether, computed, and found in the cache. */
    total: z.int(),
    rendered: z.int(),
    cached: z.int(),
    /** Those that could not be rendered. */
    failed: z.int(),
    /** Exports only. */
    output: z
      .object({
        /** Path on the host; null when it is to be fetched from `/download/<job>`. */
        out: z.string().nullable(),
        /** File name to propose for a download. */
        name: z.string(),
        width: z.int(),
        height: z.int(),
        bytes: z.int(),
        /** What a film was written with, where a limit of its bytes had to choose. */
        chosen: z.object({ quality: z.int(), width: z.int(), height: z.int(), fps: z.number() }).nullable(),
      })
      .nullable(),
  }),
  'job.failed': z.object({ ...ofJob, error: wireErrorSchema }),
  /** Ended on request, or replaced by a newer render job (`replacedBy`). */
  'job.cancelled': z.object({ ...ofJob, replacedBy: jobId.nullable() }),
  /** The host's settings are other ones now. */
  'settings.changed': z.object({}),
  /** Something that the user should know; shown, never silent. */
  note: z.object({ message: z.string(), project: projectId.exactOptional(), frame: z.int().exactOptional() }),
  /** For the status bar: what became of the process that computes. */
  'engine.state': z.discriminatedUnion('state', [
    /** It ended on its own and starts again after `waitMs`; null: it has given up until the next request. */
    z.object({ state: z.literal('failed'), message: z.string(), waitMs: z.number().nullable() }),
    z.object({ state: z.literal('restarted') }),
    /** A component of a model was loaded. */
    z.object({
      state: z.literal('opened'),
      folder: z.string(),
      component: z.string(),
      milliseconds: z.number(),
    }),
    /** Where a model is computed, and why there. */
    z.object({
      state: z.literal('provider'),
      provider: z.string(),
      message: z.string(),
      surprising: z.boolean(),
    }),
  ]),
} as const;

export type EventName = keyof typeof EVENTS;
export type EventData<Event extends EventName> = z.output<(typeof EVENTS)[Event]>;
/** An event with its name. */
export type ContractEvent = {
  [Event in EventName]: { readonly event: Event; readonly data: EventData<Event> };
}[EventName];

export function isEventName(name: string): name is EventName {
  return Object.hasOwn(EVENTS, name);
}
