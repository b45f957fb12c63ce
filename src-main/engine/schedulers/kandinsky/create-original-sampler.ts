import type { SchedulerConfig } from '../scheduler.ts';
import { createDdimSampler, createPlmsSampler } from './implicit-samplers.ts';
import type { OriginalOptions, OriginalSampler } from './original-sampler.ts';
import { createPSampler } from './p-sampler.ts';

export const ORIGINAL_SAMPLERS = ['p_sampler', 'ddim_sampler', 'plms_sampler'] as const;
export type OriginalSamplerName = (typeof ORIGINAL_SAMPLERS)[number];

export function isOriginalSampler(name: string): name is OriginalSamplerName {
  return (ORIGINAL_SAMPLERS as readonly string[]).includes(name);
}

/** @throws {AppError} `invalid-input` for step counts that the sampler cannot run, `invalid-model` for the config. */
export function createOriginalSampler(
  name: OriginalSamplerName,
  config: SchedulerConfig,
  options: OriginalOptions,
): OriginalSampler {
  switch (name) {
    case 'p_sampler':
      return createPSampler(config, options);
    case 'ddim_sampler':
      return createDdimSampler(config, options);
    case 'plms_sampler':
      return createPlmsSampler(config, options);
  }
}
