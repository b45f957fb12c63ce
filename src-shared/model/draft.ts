import type { ProjectDocument } from './document-types.ts';
import type { FrameSpec } from './frame-spec.ts';

/** A frame as it will be exported, or a quick one with fewer steps that stands in for it. */
export type Tier = 'draft' | 'final';

/** Share of the final steps that a draft takes where the document does not say. */
const DEFAULT_SHARE = 0.4;
/** Fewer steps show little of the picture to come. */
const FEWEST_STEPS = 4;

/**
 * The draft of a frame: the same picture at fewer steps, under a key of its own. Null where a draft would save nothing:
 * few-step models, or a document that asks for as many steps.
 */
export function draftOf(document: ProjectDocument, spec: FrameSpec): FrameSpec | null {
  const { steps: final } = spec.sampler;
  const wanted = document.draft?.steps ?? Math.max(FEWEST_STEPS, Math.round(final * DEFAULT_SHARE));
  // Image to image runs the last share of the steps only, and at least one of them.
  const least = spec.init === null ? 1 : Math.ceil(1 / Math.max(spec.init.strength, 1e-3));
  const steps = Math.max(wanted, least);
  return steps >= final ? null : { ...spec, sampler: { ...spec.sampler, steps } };
}
