/** Plays a sound from any place at any forward speed, in time with a clock that is not its own. */
export class SoundPlayer {
  #context: AudioContext | null = null;
  #gain: GainNode | null = null;
  #source: AudioBufferSourceNode | null = null;
  #buffer: AudioBuffer | null = null;
  #url = '';

  /** Fetches and decodes; the same address is loaded once. */
  async load(url: string): Promise<void> {
    if (url === this.#url) return;
    this.stop();
    this.#url = url;
    this.#buffer = null;
    const response = await fetch(url);
    if (!response.ok) throw new Error(`The sound cannot be fetched (status ${response.status}).`);
    const bytes = await response.arrayBuffer();
    this.#context ??= new AudioContext();
    const buffer = await this.#context.decodeAudioData(bytes).catch(() => {
      throw new Error('This window cannot play the sound; it is in exported films all the same.');
    });
    // Another sound may have been asked for meanwhile.
    if (url === this.#url) this.#buffer = buffer;
  }

  /** Starts at `seconds` of the sound (negative: it waits), `speed` times as fast. */
  play(seconds: number, speed: number, gain: number): void {
    this.stop();
    if (this.#context === null || this.#buffer === null || speed <= 0) return;
    if (seconds >= this.#buffer.duration) return;
    void this.#context.resume();
    if (this.#gain === null) {
      this.#gain = this.#context.createGain();
      this.#gain.connect(this.#context.destination);
    }
    this.#gain.gain.value = gain;
    const source = this.#context.createBufferSource();
    source.buffer = this.#buffer;
    source.playbackRate.value = speed;
    source.connect(this.#gain);
    const wait = Math.max(0, -seconds) / speed;
    source.start(this.#context.currentTime + wait, Math.max(0, seconds));
    this.#source = source;
  }

  setGain(gain: number): void {
    if (this.#gain !== null) this.#gain.gain.value = gain;
  }

  stop(): void {
    this.#source?.stop();
    this.#source?.disconnect();
    this.#source = null;
  }

  close(): void {
    this.stop();
    void this.#context?.close();
    this.#context = null;
    this.#gain = null;
    this.#url = '';
  }
}
