import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { ConfigReader } from './config-reader.ts';
import type { SchedulerOptions } from './scheduler.ts';

/**
 * Timesteps of the consistency schedulers LCM and TCD: picked evenly from those the model was distilled on, of which
 * the lowest `strength` share counts (set_timesteps of LCMScheduler and TCDScheduler, diffusers 0.42.1).
 * @throws {AppError} invalid-input when there are fewer of them than steps.
 */
export function distilledTimesteps(
  reader: ConfigReader,
  name: string,
  options: SchedulerOptions,
  trainTimesteps: number,
): number[] {
  const original = reader.integer('original_inference_steps', 50, { min: 1, max: trainTimesteps });
  const stride = Math.floor(trainTimesteps / original);
  const available = Math.trunc(original * (options.strength ?? 1));
  const { steps } = options;
  if (steps > available) {
    throw new AppError(
      'invalid-input',
      `Scheduler ${name}: ${steps} steps are too many; accepted: 1 to ${available} (original_inference_steps ${original} × strength ${options.strength ?? 1}).`,
    );
  }
  return Array.from({ length: steps }, (_, i) => {
    const index = Math.floor(i * (available / steps));
    return (available - index) * stride - 1;
  });
}
