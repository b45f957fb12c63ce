import type { HostClient } from '../../src-shared/contract/client.ts';
import type { Result } from '../../src-shared/contract/methods.ts';
import { AppError } from '../../src-shared/kernel/errors.ts';
import { statusSlices } from './status-slices.ts';

/** In the order of their worth. */
export const FRAME_NONE = 0;
export const FRAME_FAILED = 1;
export const FRAME_DRAFT = 2;
export const FRAME_FINAL = 3;

export interface FrameCounts {
  readonly none: number;
  readonly failed: number;
  readonly draft: number;
  readonly final: number;
}

export function countStates(states: Uint8Array): FrameCounts {
  const of = [0, 0, 0, 0];
  for (const state of states) of[state]! += 1;
  const [none = 0, failed = 0, draft = 0, final = 0] = of;
  return { none, failed, draft, final };
}

/** Which frames of the timeline there are pictures of. */
export class FrameStatus {
  /** One a frame: one of the FRAME_ constants. Replaced, never changed in place, so that it can be watched. */
  states = $state.raw<Uint8Array>(new Uint8Array(0));
  /** Why frames could not be rendered, by frame. */
  failures = $state.raw<ReadonlyMap<number, string>>(new Map());
  /** Distinct final pictures to render. */
  missing = $state(0);
  /** Milliseconds for the missing ones; null until a frame has been timed. */
  estimatedMs = $state<number | null>(null);
  /** Of the document that the states belong to; they are those of an older one until then. */
  revision = $state(-1);
  /** Why the host cannot tell: a model that is missing, for instance. */
  problem = $state('');
  readonly counts = $derived(countStates(this.states));
  /** Keys of the final pictures, and of the drafts that there are. */
  #keys: string[] = [];
  #drafts = new Map<number, string>();
  readonly #client: HostClient;
  readonly #project: string;
  readonly #onError: (error: unknown) => void;
  #asking: AbortController | undefined;

  constructor(client: HostClient, project: string, onError: (error: unknown) => void) {
    this.#client = client;
    this.#project = project;
    this.#onError = onError;
  }

  /**
   * Asks anew; a question that is under way is dropped. Answers show as they come, those around `playhead` first; what
   * they add up to is known after the last.
   * @param count frames of the document of `asked`
   * @param asked revision that the window has; where the host is further, it leaves out frames that are gone
   */
  async refresh(count: number, playhead: number, asked: number): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    let revision = this.revision;
    let missing = 0;
    let estimated: number | null = 0;
    this.#resize(count);
    try {
      for (const range of statusSlices(count, playhead)) {
        const status = await this.#client.call(
          'frames.status',
          { project: this.#project, range, revision: asked, drafts: true },
          { signal: asking.signal },
        );
        this.#take(status);
        missing += status.missing;
        estimated = estimated === null || status.estimatedMs === null ? null : estimated + status.estimatedMs;
        revision = status.revision;
      }
    } catch (error) {
      if (error instanceof AppError && error.code === 'cancelled') return;
      if (asking.signal.aborted) return;
      this.problem = (error as Error).message;
      this.#onError(error);
      return;
    }
    this.revision = revision;
    this.missing = missing;
    this.estimatedMs = estimated;
    this.problem = '';
  }

  #resize(count: number): void {
    if (this.states.length === count) return;
    const states = new Uint8Array(count);
    states.set(this.states.subarray(0, count));
    this.states = states;
    this.#keys.length = count;
    this.failures = new Map([...this.failures].filter(([frame]) => frame < count));
  }

  /** What the host says of a range of frames. */
  #take({ from, keys, cached, failed, drafts }: Result<'frames.status'>): void {
    const states = this.states.slice();
    const failures = new Map(this.failures);
    keys.forEach((key, i) => {
      const frame = from + i;
      this.#keys[frame] = key;
      this.#drafts.delete(frame);
      failures.delete(frame);
      states[frame] = cached[i] === true ? FRAME_FINAL : FRAME_NONE;
    });
    for (const { frame, message } of failed) {
      failures.set(frame, message);
      states[frame] = FRAME_FAILED;
    }
    for (const { frame, key } of drafts) {
      this.#drafts.set(frame, key);
      if (states[frame] === FRAME_NONE) states[frame] = FRAME_DRAFT;
    }
    this.failures = failures;
    this.states = states;
  }

  /** A picture has just been stored for the document of `revision`; one of an older document changes nothing. */
  stored(frame: number, key: string, tier: 'draft' | 'final', revision: number): void {
    if (tier === 'draft') {
      if (revision !== this.revision || this.states[frame] === FRAME_FINAL) return;
      this.#drafts.set(frame, key);
      this.#set(frame, FRAME_DRAFT);
      return;
    }
    if (this.#keys[frame] !== key || this.states[frame] === FRAME_FINAL) return;
    this.#set(frame, FRAME_FINAL);
    this.missing = Math.max(0, this.missing - 1);
  }

  /** A frame could not be rendered. */
  failed(frame: number, message: string, revision: number): void {
    if (revision !== this.revision || this.states[frame] === FRAME_FINAL) return;
    this.failures = new Map(this.failures).set(frame, message);
    if (this.states[frame] !== FRAME_DRAFT) this.#set(frame, FRAME_FAILED);
  }

  #set(frame: number, state: number): void {
    const states = this.states.slice();
    const key = this.#keys[frame];
    // Frames that hold still share their picture.
    for (let at = 0; at < states.length; at++) {
      if (at !== frame && (state !== FRAME_FINAL || this.#keys[at] !== key)) continue;
      states[at] = state;
    }
    this.states = states;
  }

  /** The key of the best picture of a frame, or undefined while there is none. */
  keyOf(frame: number): string | undefined {
    const state = this.states[frame];
    if (state === FRAME_FINAL) return this.#keys[frame];
    return state === FRAME_DRAFT ? this.#drafts.get(frame) : undefined;
  }

  /** The frame nearest to `frame` that has a picture. */
  nearest(frame: number): number | undefined {
    const { states } = this;
    for (let distance = 0; distance < states.length; distance++) {
      if ((states[frame - distance] ?? 0) >= FRAME_DRAFT) return frame - distance;
      if ((states[frame + distance] ?? 0) >= FRAME_DRAFT) return frame + distance;
    }
    return undefined;
  }

  /** The frames with pictures on both sides of one that has none; undefined where a side has none. */
  around(frame: number): { readonly before: number; readonly after: number } | undefined {
    const { states } = this;
    let before = frame;
    while (before >= 0 && (states[before] ?? 0) < FRAME_DRAFT) before -= 1;
    let after = frame;
    while (after < states.length && (states[after] ?? 0) < FRAME_DRAFT) after += 1;
    return before < 0 || after >= states.length ? undefined : { before, after };
  }
}
