import type { z } from 'zod';
import { AppError } from '../kernel/errors.ts';
import { documentSchema } from './document-schema.ts';
import { DOCUMENT_FORMAT, type Keyframe, type ProjectDocument } from './document-types.ts';
import { describeIssues, show } from './parse-errors.ts';

/**
 * MIGRATIONS[i] turns the JSON of format `inbetween/(i+1)` into that of `inbetween/(i+2)`. The newest format is one
 * above their number; a released migration is never changed.
 */
const MIGRATIONS: readonly ((json: Record<string, unknown>) => Record<string, unknown>)[] = [];

/**
 * Checks a document that came from outside (a file, a message) and returns it with its keyframes sorted and the
 * defaults `name: "Untitled"`, `fps: 12`, `keyframes: []` filled in. Older formats are migrated.
 * @throws AppError `invalid-document`: names the path, the value and what is accepted.
 * @throws AppError `project-newer`: the document is of a newer format.
 */
export function parseDocument(json: unknown): ProjectDocument {
  const migrated = migrate(json);
  const result = documentSchema.safeParse(migrated);
  if (!result.success) throw invalid(describeIssues(documentSchema, migrated, result.error.issues));
  return checked(result.data satisfies z.infer<typeof documentSchema>);
}

/**
 * Checks what was made out of a document that is checked already: its keyframes are taken as they are, so that a drag
 * among hundreds of keys checks the one that moves.
 * @throws AppError as {@link parseDocument}
 */
export function parseChange(before: ProjectDocument, changed: ProjectDocument): ProjectDocument {
  const known = new Set(before.keyframes);
  const fresh = changed.keyframes.filter((keyframe) => !known.has(keyframe));
  const result = documentSchema.safeParse({ ...changed, keyframes: fresh });
  // The whole of it says at which place something is wrong.
  if (!result.success) return parseDocument(changed);
  const parsed = result.data.keyframes.values();
  const keyframes = changed.keyframes.map((keyframe) =>
    known.has(keyframe) ? keyframe : (parsed.next().value as Keyframe),
  );
  return checked({ ...result.data, keyframes });
}

function checked(document: ProjectDocument): ProjectDocument {
  const keyframes = [...document.keyframes].sort((a, b) => a.frame - b.frame);
  checkFrames(document, keyframes);
  checkPrompt(document);
  return { ...document, keyframes };
}

function invalid(message: string): AppError {
  return new AppError('invalid-document', message);
}

function migrate(json: unknown): unknown {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw invalid(
      `The document is ${show(json)}; accepted is an object with "format": "${DOCUMENT_FORMAT}".`,
    );
  }
  const { format } = json as { format?: unknown };
  const version = typeof format === 'string' ? /^inbetween\/([1-9]\d{0,8})$/.exec(format)?.[1] : undefined;
  if (version === undefined) {
    const is = format === undefined ? 'is missing' : `is ${show(format)}`;
    throw invalid(`format ${is}; accepted is "${DOCUMENT_FORMAT}".`);
  }
  const newest = MIGRATIONS.length + 1;
  if (Number(version) > newest) {
    throw new AppError(
      'project-newer',
      `The document's format is ${show(format)}, of a newer version of Inbetween; this one reads up to "${DOCUMENT_FORMAT}".`,
    );
  }
  return MIGRATIONS.slice(Number(version) - 1).reduce(
    (older, step) => step(older),
    json as Record<string, unknown>,
  );
}

function checkFrames(document: ProjectDocument, sorted: ProjectDocument['keyframes']): void {
  for (const [at, keyframe] of sorted.entries()) {
    if (at > 0 && sorted[at - 1]!.frame === keyframe.frame) {
      const places = document.keyframes.flatMap((other, index) =>
        other.frame === keyframe.frame ? [index] : [],
      );
      throw invalid(
        `keyframes[${places[1]}].frame is ${keyframe.frame}, which keyframes[${places[0]}] has already; accepted is one keyframe a frame.`,
      );
    }
  }
}

function checkPrompt(document: ProjectDocument): void {
  const places = [...document.keyframes, ...(document.grid?.corners ?? [])];
  if (places.some(({ prompt, images }) => prompt !== undefined || images !== undefined)) return;
  throw invalid(
    `The document sets no prompt; accepted is a document with at least one "prompt", in a keyframe or in a corner of the grid.`,
  );
}
