import type { SchedulerName } from '../../../src-shared/model/frame-spec.ts';
import type { SchedulerConfig } from '../schedulers/scheduler.ts';
import { invalidModel, type JsonObject } from './folder-json.ts';

const SCHEDULER_OF_CLASS: { readonly [className: string]: SchedulerName } = {
  DDPMScheduler: 'ddpm',
  DDIMScheduler: 'ddim',
  PNDMScheduler: 'pndm',
  LMSDiscreteScheduler: 'lms',
  EulerDiscreteScheduler: 'euler',
  EulerAncestralDiscreteScheduler: 'euler_a',
  HeunDiscreteScheduler: 'heun',
  DPMSolverMultistepScheduler: 'dpm++2m',
  UniPCMultistepScheduler: 'unipc',
  DEISMultistepScheduler: 'deis',
  LCMScheduler: 'lcm',
  TCDScheduler: 'tcd',
};

/**
 * The scheduler that scheduler_config.json names, by the name an artist chooses it by. No other algorithm stands in for
 * one that is not here, however near its name is (DPMSolverSDEScheduler is not dpm++sde): the same seed would give
 * another picture.
 * @throws {AppError} `invalid-model` for a class that is not supported
 */
export function schedulerOf(config: JsonObject): { name: SchedulerName; config: SchedulerConfig } {
  const className = typeof config['_class_name'] === 'string' ? config['_class_name'] : '';
  const name = SCHEDULER_OF_CLASS[className];
  if (name === undefined) {
    throw invalidModel(
      `scheduler/scheduler_config.json names the class "${className}", which is not supported. Accepted: ${Object.keys(SCHEDULER_OF_CLASS).join(', ')}; naming one of them there keeps the file's other settings.`,
    );
  }
  if (name !== 'dpm++2m') return { name, config: config as SchedulerConfig };
  // One reference class covers three of the schedulers that artists choose by name.
  if (config['algorithm_type'] === 'sde-dpmsolver++')
    return { name: 'dpm++sde', config: config as SchedulerConfig };
  return {
    name: config['use_karras_sigmas'] === true ? 'dpm++2m_karras' : 'dpm++2m',
    config: config as SchedulerConfig,
  };
}
