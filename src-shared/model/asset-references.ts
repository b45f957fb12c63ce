import { AppError } from '../kernel/errors.ts';
import type { ProjectDocument } from './document-types.ts';
import type { PlanContext } from './frame-state.ts';

const SHA256 = /^[0-9a-f]{64}$/;

/**
 * The SHA-256 of a picture that a document names.
 * @throws AppError `invalid-asset`: a path that no asset key is known for.
 */
export function assetKey(context: PlanContext, reference: string, place: string): string {
  const key = context.assetKeys?.get(reference) ?? (SHA256.test(reference) ? reference : undefined);
  if (key !== undefined) return key;
  throw new AppError(
    'invalid-asset',
    `${place} uses the picture ${JSON.stringify(reference)}, which is not in the project; accepted is the path of a picture beside the document, or the SHA-256 of an imported one.`,
    { data: { reference } },
  );
}

/**
 * The pictures that a document names, each once: SHA-256s and relative paths as they stand there.
 * Those that {@link isAssetPath} says are paths have to be read and given to planning as `assetKeys`.
 */
export function documentAssets(document: ProjectDocument): string[] {
  const found = new Set<string>();
  for (const values of [...document.keyframes, ...(document.grid?.corners ?? [])]) {
    if (values.initImage) found.add(values.initImage);
    if (values.mask) found.add(values.mask);
    for (const image of values.images ?? []) if ('asset' in image) found.add(image.asset);
  }
  return [...found];
}

/** A path relative to the document, rather than the SHA-256 of a picture in the project. */
export function isAssetPath(reference: string): boolean {
  return !SHA256.test(reference);
}
