import type { HostClient } from '../../src-shared/contract/client.ts';
import { AppError } from '../../src-shared/kernel/errors.ts';

export const FRAME_NONE = 0;
export const FRAME_FINAL = 2;

/** Frames that one question covers: the first answer must not wait for ten thousand. */
const SLICE = 1500;

/** Which frames of the timeline there are pictures of. */
export class FrameStatus {
  /** One a frame: one of the FRAME_ constants. Replaced, never changed in place, so that it can be watched. */
  states = $state.raw<Uint8Array>(new Uint8Array(0));
  missing = $state(0);
  /** Milliseconds for the missing ones; null until a frame has been timed. */
  estimatedMs = $state<number | null>(null);
  /** Of the document that the states belong to; they are those of an older one until then. */
  revision = $state(-1);
  /** Why the host cannot tell: a model that is missing, for instance. */
  problem = $state('');
  #keys: string[] = [];
  readonly #client: HostClient;
  readonly #project: string;
  readonly #onError: (error: unknown) => void;
  #asking: AbortController | undefined;

  constructor(client: HostClient, project: string, onError: (error: unknown) => void) {
    this.#client = client;
    this.#project = project;
    this.#onError = onError;
  }

  /** Asks anew; a question that is under way is dropped. */
  async refresh(count: number): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    const keys: string[] = [];
    const states = new Uint8Array(count);
    let missing = 0;
    let estimated: number | null = 0;
    try {
      for (let from = 0; from < count; from += SLICE) {
        const range = { from, to: Math.min(count, from + SLICE) - 1 };
        const status = await this.#client.call(
          'frames.status',
          { project: this.#project, range },
          { signal: asking.signal },
        );
        status.keys.forEach((key, i) => {
          keys[from + i] = key;
          states[from + i] = status.cached[i] === true ? FRAME_FINAL : FRAME_NONE;
        });
        missing += status.missing;
        estimated = estimated === null || status.estimatedMs === null ? null : estimated + status.estimatedMs;
        this.revision = status.revision;
      }
    } catch (error) {
      if (error instanceof AppError && error.code === 'cancelled') return;
      if (asking.signal.aborted) return;
      this.problem = (error as Error).message;
      this.#onError(error);
      return;
    }
    this.#keys = keys;
    this.states = states;
    this.missing = missing;
    this.estimatedMs = estimated;
    this.problem = '';
  }

  /** A picture has just been stored; one of an older document changes nothing. */
  stored(frame: number, key: string): void {
    if (this.#keys[frame] !== key || this.states[frame] === FRAME_FINAL) return;
    const states = this.states.slice();
    // Frames that hold still share their picture.
    for (let at = 0; at < states.length; at++) if (this.#keys[at] === key) states[at] = FRAME_FINAL;
    this.missing = Math.max(0, this.missing - 1);
    this.states = states;
  }

  /** The key of a frame's picture, or undefined while there is none. */
  keyOf(frame: number): string | undefined {
    return this.states[frame] === FRAME_FINAL ? this.#keys[frame] : undefined;
  }

  /** The frame nearest to `frame` that has a picture. */
  nearest(frame: number): number | undefined {
    const { states } = this;
    for (let distance = 0; distance < states.length; distance++) {
      if (states[frame - distance] === FRAME_FINAL) return frame - distance;
      if (states[frame + distance] === FRAME_FINAL) return frame + distance;
    }
    return undefined;
  }
}
