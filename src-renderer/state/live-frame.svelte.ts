import type { EventData } from '../../src-shared/contract/events.ts';

export type Preview = EventData<'frame.preview'>;

/** How long the steps of a frame stay after it is finished, milliseconds. */
const LINGER_MS = 4000;
/** Earlier steps that show beside the picture. */
const MAX_STEPS = 4;

/** The frame that is computed right now, as its denoising steps come in. */
export class LiveFrame {
  /** The newest step; null while nothing is computed. */
  latest = $state.raw<Preview | null>(null);
  #steps = $state.raw<readonly Preview[]>([]);
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** A few earlier steps of the same frame, spread over its way so far. */
  readonly earlier = $derived.by<readonly Preview[]>(() => {
    const steps = this.#steps;
    if (steps.length <= MAX_STEPS) return steps;
    return Array.from(
      { length: MAX_STEPS },
      (_, at) => steps[Math.round((at * (steps.length - 1)) / (MAX_STEPS - 1))] as Preview,
    );
  });

  take(preview: Preview): void {
    clearTimeout(this.#timer);
    const { latest } = this;
    const isSame =
      latest !== null &&
      latest.index === preview.index &&
      latest.tier === preview.tier &&
      latest.step < preview.step;
    this.#steps = isSame ? [...this.#steps, preview] : [preview];
    this.latest = preview;
  }

  /** The frame is finished: its last step gives way to the picture, its steps stay for a moment. */
  finished(index: number): void {
    if (this.latest?.index !== index) return;
    this.latest = null;
    this.#timer = setTimeout(() => (this.#steps = []), LINGER_MS);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.latest = null;
    this.#steps = [];
  }
}
