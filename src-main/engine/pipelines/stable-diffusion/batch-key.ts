import { canonicalJson, type Json } from '../../../../src-shared/kernel/canonical-json.ts';
import type { FrameSpec } from '../../../../src-shared/model/frame-spec.ts';
import type { StableDiffusionModel } from './description.ts';

/** Whether classifier-free guidance is active: scale > 1, and no U-Net that takes the scale as an input instead. */
export function isGuided(model: StableDiffusionModel, spec: FrameSpec): boolean {
  return spec.sampler.guidanceScale > 1 && model.unet.timeCondDim === null;
}

/**
 * Frames with equal keys can share a model batch: they agree in size, timesteps and guidance being on. The strength is
 * part of it for inpainting models too: as in the reference, they begin at a later timestep below 1.
 */
export function batchKey(model: StableDiffusionModel, spec: FrameSpec): string {
  const { scheduler, overrides, steps, eta } = spec.sampler;
  return canonicalJson({
    size: [spec.width, spec.height],
    sampler: [scheduler, overrides as Json, steps, eta],
    strength: spec.init === null ? null : spec.init.strength,
    guided: isGuided(model, spec),
  });
}
