import { canonicalJson, type Json } from '../../../../src-shared/kernel/canonical-json.ts';
import type { FrameSpec } from '../../../../src-shared/model/frame-spec.ts';

/** Frames with equal keys can share a model batch: they agree in size and timesteps. */
export function batchKeyOf({ width, height, sampler }: FrameSpec): string {
  const { scheduler, overrides, steps, eta } = sampler;
  return canonicalJson({ size: [width, height], sampler: [scheduler, overrides as Json, steps, eta] });
}
