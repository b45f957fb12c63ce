import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { Observation } from '../../engine/observe-frame.ts';
import type { FrameRequest } from '../../engine/ports.ts';
import type { OpenModel } from './open-model.ts';

/** The watched frame of an engine process: one at a time, held between two observations. */
export interface Observations {
  /** Ends the one that is open and starts another; its first observation. */
  start(name: string, model: OpenModel, request: FrameRequest, signal: AbortSignal): Promise<Observation>;
  /** @throws {AppError} engine-failed when this process knows no such observation (any more) */
  next(name: string, signal: AbortSignal): Promise<Observation>;
  end(name: string): Promise<null>;
}

export function createObservations(): Observations {
  let open:
    | { readonly name: string; readonly abort: AbortController; readonly told: AsyncGenerator<Observation> }
    | undefined;

  const close = async (): Promise<void> => {
    const closing = open;
    open = undefined;
    closing?.abort.abort();
    await closing?.told.return(undefined);
  };
  const take = async (name: string, signal: AbortSignal): Promise<Observation> => {
    if (open?.name !== name) {
      throw new AppError(
        'engine-failed',
        'The inspection is over: the engine was started again, or another frame is being inspected. Start it once more.',
      );
    }
    const { abort, told } = open;
    const onAbort = (): void => abort.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const { value } = await told.next();
      if (value === undefined)
        throw new AppError('internal', 'The inspected frame has nothing more to tell.');
      if (value.kind === 'finished') open = undefined;
      return value;
    } catch (error) {
      open = undefined;
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  };

  return {
    async start(name, model, request, signal) {
      await close();
      const abort = new AbortController();
      open = { name, abort, told: model.observe(request, abort.signal) };
      return take(name, signal);
    },
    next: take,
    async end(name) {
      if (open?.name === name) await close();
      return null;
    },
  };
}
