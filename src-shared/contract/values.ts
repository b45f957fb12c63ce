import { z } from 'zod';
import { parseDocument } from '../model/document.ts';
import type { DocumentDiff } from '../model/diff.ts';
import type { ProjectDocument } from '../model/document-types.ts';
import { frameNumberSchema } from '../model/document-schema.ts';

/** Values that several messages share. */

/** The host's name of an open project, for as long as it is open. */
export const projectId = z.string({ error: 'the id of an open project' }).min(1).max(64);
export const jobId = z.string({ error: 'the id of a job' }).min(1).max(64);
/** SHA-256 in lower-case hex: the key of a frame, or the content of a picture. Shown from `/blob/<id>`. */
export const blobId = z.string({ error: 'a blob id: 64 hexadecimal digits' }).regex(/^[0-9a-f]{64}$/, {
  error: 'a blob id: 64 hexadecimal digits',
});
/** Counts the changes of a document, from 1. */
export const revision = z.int({ error: 'a revision: a whole number' }).nonnegative();

/** A path on the host's machine. */
export const hostPath = z
  .string({ error: 'a path on the host' })
  .min(1, { error: 'a path on the host' })
  .max(4096, { error: 'a path of at most 4096 characters' })
  .refine((path) => !path.includes('\0'), { error: 'a path without null characters' });

/** A model's installed name, or a folder on the host's machine. */
export const modelRef = hostPath;

/** First and last frame, both included. */
export const frameRange = z
  .strictObject(
    { from: frameNumberSchema, to: frameNumberSchema },
    { error: 'a range of frames: {"from", "to"}' },
  )
  .refine(({ from, to }) => from <= to, { error: 'a range whose "from" is not after its "to"' });

/** A document as JSON; where it comes from outside, the host checks it with parseDocument, which says what is wrong. */
export const documentValue = z.custom<ProjectDocument>(isDocument, { error: 'a project document' });

function isDocument(value: unknown): boolean {
  try {
    parseDocument(value);
    return true;
  } catch {
    return false;
  }
}

/** A document that the host checks itself, so that its message says what is wrong. */
export const documentInput = z.custom<unknown>((value) => typeof value === 'object' && value !== null, {
  error: 'a project document',
});

const change = z.object({ from: z.unknown(), to: z.unknown() });
const diffShape = z.object({
  settings: z.record(z.string(), change),
  keyframes: z.record(z.string(), change),
});
export const documentDiff = z.custom<DocumentDiff>((value) => diffShape.safeParse(value).success, {
  error: 'a document diff',
});

/** What the undo menu shows; a label is null when there is nothing to undo or redo. */
export const historyState = z.object({ undo: z.string().nullable(), redo: z.string().nullable() });

/** What every change of a document answers. Without a change `revision` stays and the diff is empty. */
export const changeResult = z.object({
  revision,
  diff: documentDiff,
  /** What was done or undone; null when nothing changed. */
  label: z.string().nullable(),
  history: historyState,
});

export const JOB_KINDS = ['render', 'grid', 'export'] as const;
/** A frame as it is exported, or a quick one with fewer steps that stands in for it. */
export const tierName = z.enum(['draft', 'final']);
export const jobProgress = z.object({
  /** `draft`: frames get their drafts first; `write`: frames are there and are being encoded. */
  phase: z.enum(['draft', 'render', 'write']),
  /** Frames (or cells, or pictures written) done, and all of them. */
  done: z.int(),
  total: z.int(),
  /** Share of the phase's work, 0..1; never falls within a phase. */
  fraction: z.number(),
  /** Milliseconds; null until known. */
  remainingMs: z.number().nullable(),
  /** Milliseconds a frame lately; null until known. */
  frameMs: z.number().nullable(),
});
export const jobInfo = z.object({
  job: jobId,
  project: projectId,
  kind: z.enum(JOB_KINDS),
  /** Revision of the document that it renders. */
  revision,
  /** Frames of the timeline, or null for a grid. */
  range: z.object({ from: z.int(), to: z.int() }).nullable(),
  /** Rests until it is resumed; nothing is computed for it meanwhile. */
  paused: z.boolean(),
  progress: jobProgress,
});
export type JobInfo = z.infer<typeof jobInfo>;
export type JobProgress = z.infer<typeof jobProgress>;
export type HistoryState = z.infer<typeof historyState>;
export type ChangeResult = z.infer<typeof changeResult>;

/** An open project as a window needs it to start. */
export const projectState = z.object({
  project: projectId,
  /** Absolute path on the host's machine. */
  file: z.string(),
  /** JSON projects and write-protected files: commands are refused. */
  readonly: z.boolean(),
  revision,
  document: documentValue,
  history: historyState,
  /** Jobs of this project that are under way. */
  jobs: z.array(jobInfo).readonly(),
});
export type ProjectState = z.infer<typeof projectState>;

/** A picture in a project. */
export const assetInfo = z.object({
  /** Its name in documents, and its blob id. */
  sha256: blobId,
  name: z.string(),
  mediaType: z.string(),
  width: z.int(),
  height: z.int(),
  /** Bytes. */
  size: z.int(),
});
export type AssetInfo = z.infer<typeof assetInfo>;
