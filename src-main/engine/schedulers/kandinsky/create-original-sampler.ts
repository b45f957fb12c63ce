import type { OriginalSamplerName } from '../../../../src-shared/model/frame-spec.ts';
import type { SchedulerConfig } from '../scheduler.ts';
import { createDdimSampler, createPlmsSampler } from './implicit-samplers.ts';
import type { OriginalOptions, OriginalSampler } from './original-sampler.ts';
import { createPSampler } from './p-sampler.ts';

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
