import { AppError, throwIfCancelled } from '../../../src-shared/kernel/errors.ts';
import type { FrameSpec } from '../../../src-shared/model/frame-spec.ts';
import type { LoopStep } from '../loop-observer.ts';
import type { RenderHooks } from '../ports.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** One frame's way from noise to latents, one model evaluation at a time; `Output` is what the model says of it. */
export interface Denoising<Output> {
  /** Timestep of the next evaluation. */
  readonly timestep: number;
  /** The model's input [1, channels, h, w] at the next evaluation. */
  input(): Tensor;
  /** Takes the model's answer. @throws {AppError} `engine-failed` naming the step for NaN or infinities. */
  advance(output: Output): Advance;
}

/** What one evaluation did, for those who watch; computed when asked for. */
export type Advance = () => Omit<LoopStep, 'frame' | 'step' | 'steps' | 'input'>;

/**
 * The diffusion loop of frames that share the model's batch: they must agree in their timesteps.
 * @throws {AppError} `cancelled` between two evaluations once the signal is aborted
 */
export async function denoise<Output>(
  frames: readonly Denoising<Output>[],
  steps: number,
  predict: (inputs: readonly Tensor[], timestep: number, stage: string) => Promise<readonly Output[]>,
  hooks: RenderHooks,
): Promise<void> {
  for (let step = 1; step <= steps; step++) {
    await hooks.yield?.();
    throwIfCancelled(hooks.signal, 'The frame');
    const inputs = frames.map((frame) => frame.input());
    const outputs = await predict(inputs, frames[0]!.timestep, `step ${step} of ${steps}`);
    for (const [i, frame] of frames.entries()) {
      const told = frame.advance(outputs[i]!);
      if (hooks.observer?.stepped === undefined) continue;
      await hooks.observer.stepped({ frame: i, step, steps, input: inputs[i]!, ...told() });
    }
    hooks.onStep?.({ step, steps });
  }
}

/** @throws {AppError} `internal` for frames that cannot share a batch */
export function requireOneBatch(specs: readonly FrameSpec[], keyOf: (spec: FrameSpec) => string): void {
  if (new Set(specs.map(keyOf)).size > 1) {
    throw new AppError('internal', 'Frames of different size, scheduler or strength cannot share a batch.');
  }
}

/** @throws {AppError} `invalid-input` for a side that is no multiple */
export function requireMultiples({ width, height }: FrameSpec, multiple: number): void {
  for (const [side, value] of Object.entries({ width, height })) {
    if (Number.isInteger(value) && value >= multiple && value % multiple === 0) continue;
    throw new AppError(
      'invalid-input',
      `The ${side} is ${value}. Accepted for this model: multiples of ${multiple} from ${multiple}.`,
    );
  }
}
