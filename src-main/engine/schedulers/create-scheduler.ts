import { AppError } from '../../../src-shared/kernel/errors.ts';
import {
  isOriginalSampler,
  SCHEDULER_NAMES,
  type SchedulerName,
} from '../../../src-shared/model/frame-spec.ts';
import { createDdim } from './ddim.ts';
import { createDdpm } from './ddpm.ts';
import { createDeis } from './deis.ts';
import { createDpmSolverMultistep } from './dpm-solver-multistep.ts';
import { createEuler } from './euler.ts';
import { createEulerAncestral } from './euler-ancestral.ts';
import { createHeun } from './heun.ts';
import { createLcm } from './lcm.ts';
import { createLms } from './lms.ts';
import { createPndm } from './pndm.ts';
import type { Scheduler, SchedulerConfig, SchedulerOptions } from './scheduler.ts';
import { createTcd } from './tcd.ts';
import { createUnipc } from './unipc.ts';

/** Turned off when a name asks for the Karras spread: only one of the spreads can be on. */
const KARRAS_ONLY: SchedulerConfig = {
  use_karras_sigmas: true,
  use_exponential_sigmas: false,
  use_beta_sigmas: false,
  use_lu_lambdas: false,
};

const DEFAULT_TRAIN_TIMESTEPS = 1000;

/**
 * The scheduler of that name for a model folder's configuration, which may have been written for another class: keys
 * the scheduler knows are used, the rest is ignored, and a missing key takes the default of the class asked for
 * (as `from_config` of diffusers 0.42.1 does with the file's content).
 * @throws {AppError} invalid-model naming key, value and what is accepted; invalid-input for the options.
 */
export function createScheduler(
  name: SchedulerName,
  config: SchedulerConfig,
  options: SchedulerOptions,
): Scheduler {
  checkOptions(name, config, options);
  const scheduler = build(name, config, options);
  checkTimesteps(scheduler, config);
  return scheduler;
}

function build(name: SchedulerName, config: SchedulerConfig, options: SchedulerOptions): Scheduler {
  switch (name) {
    case 'ddpm':
      return createDdpm(config, options);
    case 'ddim':
      return createDdim(config, options);
    case 'pndm':
      return createPndm(config, options);
    case 'lms':
      return createLms(config, options);
    case 'euler':
      return createEuler(config, options);
    case 'euler_a':
      return createEulerAncestral(config, options);
    case 'heun':
      return createHeun(config, options);
    case 'dpm++2m':
      return createDpmSolverMultistep(name, config, options);
    case 'dpm++2m_karras':
      return createDpmSolverMultistep(name, { ...config, ...KARRAS_ONLY }, options);
    case 'dpm++sde':
      return createDpmSolverMultistep(name, { ...config, algorithm_type: 'sde-dpmsolver++' }, options);
    case 'unipc':
      return createUnipc(config, options);
    case 'deis':
      return createDeis(config, options);
    case 'lcm':
      return createLcm(config, options);
    case 'tcd':
      return createTcd(config, options);
    case 'p_sampler':
    case 'ddim_sampler':
    case 'plms_sampler':
      throw new AppError(
        'invalid-input',
        `Scheduler ${name} is one of the original Kandinsky's and needs a Kandinsky model; accepted here: ${SCHEDULER_NAMES.filter((other) => !isOriginalSampler(other)).join(', ')}.`,
      );
    default: {
      const unknown: never = name;
      throw new AppError(
        'invalid-input',
        `Scheduler "${unknown}" is not known; accepted: ${SCHEDULER_NAMES.join(', ')}.`,
      );
    }
  }
}

function checkOptions(name: SchedulerName, config: SchedulerConfig, options: SchedulerOptions): void {
  const { steps, eta, strength } = options;
  const given = config.num_train_timesteps;
  const most = typeof given === 'number' ? given : DEFAULT_TRAIN_TIMESTEPS;
  if (!Number.isInteger(steps) || steps < 1 || steps > most) {
    throw new AppError(
      'invalid-input',
      `Scheduler ${name}: ${steps} steps; accepted: a whole number from 1 to ${most}.`,
    );
  }
  if (eta !== undefined && !(eta >= 0 && eta <= 1)) {
    throw new AppError('invalid-input', `Scheduler ${name}: eta is ${eta}; accepted: a number from 0 to 1.`);
  }
  if (strength !== undefined && !(strength > 0 && strength <= 1)) {
    throw new AppError(
      'invalid-input',
      `Scheduler ${name}: strength is ${strength}; accepted: a number above 0, up to 1.`,
    );
  }
}

/** A large steps_offset would ask the model for timesteps that it was never trained on. */
function checkTimesteps({ name, timesteps }: Scheduler, config: SchedulerConfig): void {
  if (config.timestep_type === 'continuous') return;
  const given = config.num_train_timesteps;
  const last = (typeof given === 'number' ? given : DEFAULT_TRAIN_TIMESTEPS) - 1;
  const outside = timesteps.find((t) => t < 0 || t > last);
  if (outside === undefined) return;
  throw new AppError(
    'invalid-input',
    `Scheduler ${name}: timestep ${outside} is outside 0 to ${last}; lower the number of steps or set steps_offset ${config.steps_offset ?? 0} nearer to 0.`,
  );
}
