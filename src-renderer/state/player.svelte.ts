/** Where the playhead is and how it moves. Time comes from the clock, so a slow window skips frames, never slows. */
export class Player {
  frame = $state(0);
  /** Speed and direction: 1 plays, -1 plays backwards, 0 rests; J and L go on to 2, 4, 8. */
  speed = $state(0);
  loop = $state(true);
  /** Counts the moments when playback starts, jumps or begins anew: whoever plays along starts anew too. */
  starts = $state(0);
  readonly isPlaying = $derived(this.speed !== 0);
  readonly #span: () => { readonly from: number; readonly to: number };
  readonly #fps: () => number;
  #startedAt = 0;
  #startedFrom = 0;
  #request = 0;

  /** @param span first and last frame that playback covers */
  constructor(span: () => { readonly from: number; readonly to: number }, fps: () => number) {
    this.#span = span;
    this.#fps = fps;
  }

  seek(frame: number, last: number): void {
    this.frame = Math.min(Math.max(0, Math.round(frame)), Math.max(0, last));
    this.#restart();
  }

  toggle(): void {
    this.setSpeed(this.isPlaying ? 0 : 1);
  }

  /** J and L: reverse or forward, doubled when pressed again. */
  shuttle(direction: 1 | -1): void {
    const same = Math.sign(this.speed) === direction;
    this.setSpeed(same ? direction * Math.min(8, Math.abs(this.speed) * 2) : direction);
  }

  setSpeed(speed: number): void {
    const { from, to } = this.#span();
    if (speed > 0 && this.frame >= to) this.frame = from;
    if (speed < 0 && this.frame <= from) this.frame = to;
    this.speed = speed;
    this.#restart();
    cancelAnimationFrame(this.#request);
    if (speed !== 0) this.#request = requestAnimationFrame(this.#tick);
  }

  #restart(): void {
    this.#startedAt = performance.now();
    this.#startedFrom = this.frame;
    this.starts += 1;
  }

  /** The place between frames, for what is finer than they are. */
  position(now: number): number {
    return this.#startedFrom + ((now - this.#startedAt) / 1000) * this.#fps() * this.speed;
  }

  readonly #tick = (now: number): void => {
    if (this.speed === 0) return;
    const { from, to } = this.#span();
    const count = to - from + 1;
    const moved = ((now - this.#startedAt) / 1000) * this.#fps() * this.speed;
    let frame = this.#startedFrom + (this.speed > 0 ? Math.floor(moved) : Math.ceil(moved));
    if (frame > to || frame < from) {
      if (!this.loop || count < 1) {
        this.frame = frame > to ? to : from;
        this.speed = 0;
        return;
      }
      const place = this.#startedFrom + moved - from;
      const exact = from + (((place % count) + count) % count);
      frame = this.speed > 0 ? Math.floor(exact) : Math.min(to, Math.ceil(exact));
      // The new round began a little while ago.
      this.#startedAt = now - ((exact - frame) / this.#fps() / this.speed) * 1000;
      this.#startedFrom = frame;
      this.starts += 1;
    }
    if (frame !== this.frame) this.frame = frame;
    this.#request = requestAnimationFrame(this.#tick);
  };
}
