import { frameCount, type ProjectDocument } from '../../src-shared/model/document-types.ts';

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** First and last frame of playback and rendering: the document's loop range, or its whole timeline. */
export function spanOf(document: ProjectDocument): Span {
  const last = Math.max(0, frameCount(document) - 1);
  const { from, to } = document.range ?? { from: 0, to: last };
  return { from: Math.min(from, last), to: Math.min(to, last) };
}
