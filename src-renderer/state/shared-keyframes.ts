import type { ProjectDocument } from '../../src-shared/model/document-types.ts';
import { sameJson } from '../../src-shared/model/same-json.ts';

/**
 * `after` with the keyframe objects of `before` wherever they say the same. Checking a document makes all of its objects
 * anew; a timeline of hundreds of keys would draw every one of them for each step of a drag.
 */
export function withSharedKeyframes(before: ProjectDocument, after: ProjectDocument): ProjectDocument {
  const known = new Map(before.keyframes.map((keyframe) => [keyframe.frame, keyframe]));
  return {
    ...after,
    keyframes: after.keyframes.map((keyframe) => {
      const same = known.get(keyframe.frame);
      return same !== undefined && sameJson(same, keyframe) ? same : keyframe;
    }),
  };
}
