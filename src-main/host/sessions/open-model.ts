import { createPipeline } from '../../engine/pipelines/create-pipeline.ts';
import type { FrameRequest, FrameResult, RenderHooks, SessionSource } from '../../engine/ports.ts';
import { renderFrames } from '../../engine/render-frame.ts';
import type { LoadedModel } from './protocol.ts';

/** A model folder ready to render; sessions are opened when a stage needs them. */
export interface OpenModel {
  /** Frames that share a model batch; one always does. */
  render(requests: readonly FrameRequest[], hooks: RenderHooks): Promise<FrameResult[]>;
}

/** @throws {AppError} invalid-model when the folder's files make no pipeline. */
export function openModel(model: LoadedModel, sessions: SessionSource): OpenModel {
  const pipeline = createPipeline(sessions, model.files);
  return { render: (requests, hooks) => renderFrames(pipeline, requests, hooks) };
}
