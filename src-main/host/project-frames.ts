import { AppError } from '../../src-shared/kernel/errors.ts';
import { frameCount, type ProjectDocument } from '../../src-shared/model/document-types.ts';
import { type FrameSpec, isOriginalSampler } from '../../src-shared/model/frame-spec.ts';
import { planGrid } from '../../src-shared/model/grid.ts';
import { type PlanContext, planRange } from '../../src-shared/model/plan.ts';
import type { LearnedToken } from '../engine/embedding-files/read-embedding.ts';
import type { HostModel } from './host-models.ts';
import type { Project } from './project.ts';
import type { RenderUnit } from './render/render-job.ts';

export interface FrameRange {
  /** First and last frame, both included. */
  readonly from: number;
  readonly to: number;
}

/** What planning needs to know of the model. */
export function contextOf(project: Pick<Project, 'assetKeys'>, model: HostModel): PlanContext {
  return {
    fingerprint: model.fingerprint,
    defaults: model.description.defaults,
    assetKeys: project.assetKeys,
    embeddings: model.embeddings,
  };
}

/** The cells of the project's grid in the order to compute them: corners first, they tell whether it is worth its time. */
export function gridUnits(project: Project, model: HostModel): RenderUnit[] {
  const { rows, cols, cells } = planGrid(project.document, contextOf(project, model));
  const order = new Set([0, cols - 1, (rows - 1) * cols, rows * cols - 1, ...cells.keys()]);
  return [...order].map((index) => ({ index, spec: cells[index] as FrameSpec }));
}

/**
 * The frames that are meant: all of them when no range is given.
 * @throws {AppError} invalid-input naming the range and the frames there are
 */
export function rangeOf(document: ProjectDocument, range: FrameRange | undefined): FrameRange {
  const count = frameCount(document);
  if (count === 0) {
    throw new AppError(
      'invalid-document',
      'The project has no keyframes on its timeline, so there is nothing to render.',
    );
  }
  if (range === undefined) return { from: 0, to: count - 1 };
  const { from, to } = range;
  if (from > to || to >= count) {
    throw new AppError(
      'invalid-input',
      `Frames ${from}-${to} are asked for; the project has frames 0-${count - 1}.`,
    );
  }
  return range;
}

/**
 * What an edit has left of a range that was meant for another document; null where nothing of it is left.
 * @param range all frames where it is undefined
 */
export function remainingRange(document: ProjectDocument, range: FrameRange | undefined): FrameRange | null {
  const last = frameCount(document) - 1;
  const { from, to } = range ?? { from: 0, to: last };
  return from > last ? null : { from, to: Math.min(to, last) };
}

/** The frames of a range, planned. */
export function specsOf(project: Project, model: HostModel, range: FrameRange | undefined): FrameSpec[] {
  const { document } = project;
  return planRange(document, contextOf(project, model), rangeOf(document, range));
}

/** The learned words that a frame uses, for the engine. */
export function learnedFor(model: HostModel, { text }: FrameSpec): Record<string, LearnedToken> {
  const used = new Set(text.embeddings?.map(({ file }) => file));
  return Object.fromEntries(
    model.embeddings
      .filter(({ file }) => used.has(file))
      .map(({ file, token, vectors }) => [file, { token, vectors }]),
  );
}

/** @throws {AppError} invalid-input for a size that the model does not take */
export function checkSize(model: HostModel, { width, height, sampler }: FrameSpec): void {
  const { sizeMultiple, family } = model.description;
  if (width % sizeMultiple === 0 && height % sizeMultiple === 0) return;
  // The original samplers round sizes up and crop; elsewhere their names are refused by the engine.
  if (family === 'kandinsky' && isOriginalSampler(sampler.scheduler)) return;
  throw new AppError(
    'invalid-input',
    `The size is ${width} x ${height}; this model takes multiples of ${sizeMultiple} pixels (its own size is ${model.description.nativeSize.width} x ${model.description.nativeSize.height}).`,
  );
}
