import { messageOf } from '../../src-shared/kernel/errors.ts';
import type { HostClient } from '../../src-shared/contract/client.ts';
import type {
  InspectionEnd,
  InspectionStart,
  InspectionStep,
  StepTensor,
} from '../../src-shared/contract/inspection.ts';
import { pictureUrl } from '../client/pictures.ts';

/** How pictures of latents are shown: approximate colours, channel by channel, or through the decoder. */
export type LatentMode = 'colours' | 'channels' | 'decoded';

type Phase = 'starting' | 'paused' | 'running' | 'stopping' | 'finished' | 'stopped' | 'failed';

/** Steps a second when a loop that is done is played again. */
const REPLAY_RATE = 6;

/** The diffusion loop of one frame as the window shows it: computed step by step, looked at in any order. */
export class Inspector {
  readonly #ask: () => HostClient;
  readonly project: string;
  readonly frame: number;
  phase = $state<Phase>('starting');
  problem = $state('');
  start = $state.raw<InspectionStart | null>(null);
  steps = $state.raw<readonly InspectionStep[]>([]);
  end = $state.raw<InspectionEnd | null>(null);
  /** 0: before the first step. */
  shown = $state(0);
  mode = $state<LatentMode>('colours');
  isReplaying = $state(false);
  /** Addresses of decoded pictures by step and tensor. */
  decoded = $state.raw<ReadonlyMap<string, string>>(new Map());
  #inspection = '';
  #isClosed = false;
  /** The host ends one inspection when the next begins, and the answer of the first would be of one that is over. */
  #isBeginning = false;
  #decoding = new Set<string>();
  #replay: ReturnType<typeof setInterval> | undefined;
  #wantsPause = false;

  constructor(ask: () => HostClient, project: string, frame: number) {
    this.#ask = ask;
    this.project = project;
    this.frame = frame;
  }

  get total(): number {
    return this.start?.schedule.timesteps.length ?? 0;
  }

  get current(): InspectionStep | null {
    return this.steps[this.shown - 1] ?? null;
  }

  get canGoOn(): boolean {
    return this.phase === 'paused';
  }

  /** Milliseconds a step took lately; null before the second. */
  stepMs = $state<number | null>(null);

  /** Starts the loop, or starts it anew; it stands before its first step then. */
  async begin(): Promise<void> {
    if (this.#isBeginning) return;
    this.#isBeginning = true;
    this.stopReplay();
    this.phase = 'starting';
    this.problem = '';
    this.steps = [];
    this.end = null;
    this.shown = 0;
    this.decoded = new Map();
    this.#decoding.clear();
    await this.#guard(async () => {
      const { inspection, start } = await this.#ask().call('inspect.start', {
        project: this.project,
        frame: this.frame,
      });
      this.#inspection = inspection;
      if (this.#isClosed) return this.#end();
      this.start = start;
      this.phase = 'paused';
    });
    this.#isBeginning = false;
  }

  /** One step further, and still again. */
  async step(): Promise<void> {
    if (!this.canGoOn) return;
    this.#wantsPause = true;
    await this.#advance();
  }

  /** To the end, or until {@link pause}. */
  async run(): Promise<void> {
    if (!this.canGoOn) return;
    this.#wantsPause = false;
    await this.#advance();
  }

  /** Runs on and shows the last step; a step that is under way is not the last then. */
  async toEnd(): Promise<void> {
    this.show(this.steps.length);
    this.#wantsPause = false;
    await this.run();
  }

  pause(): void {
    this.#wantsPause = true;
    this.stopReplay();
  }

  /** Breaks the loop off; what was shown can still be looked at. */
  async stop(): Promise<void> {
    if (this.phase !== 'paused' && this.phase !== 'running') return;
    const wasRunning = this.phase === 'running';
    this.phase = 'stopping';
    await this.#guard(() => this.#end());
    // A step that was under way ends the phase itself.
    if (!wasRunning || this.phase === 'stopping') this.phase = 'stopped';
  }

  /** Plays on: the loop where it stands, the steps again where it is done. */
  toggle(): void {
    if (this.phase === 'running' || this.isReplaying) return this.pause();
    if (this.canGoOn && this.shown === this.steps.length) return void this.run();
    this.isReplaying = true;
    if (this.shown >= this.steps.length) this.shown = 0;
    this.#replay = setInterval(() => {
      this.shown = Math.min(this.steps.length, this.shown + 1);
      if (this.shown === this.steps.length) this.stopReplay();
    }, 1000 / REPLAY_RATE);
  }

  stopReplay(): void {
    clearInterval(this.#replay);
    this.isReplaying = false;
  }

  show(step: number): void {
    this.stopReplay();
    this.shown = Math.max(0, Math.min(this.steps.length, step));
  }

  /** The next step: one that was computed, or a new one. */
  forward(): void {
    if (this.shown < this.steps.length) this.show(this.shown + 1);
    else void this.step();
  }

  decodedOf(step: number, tensor: StepTensor): string | undefined {
    return this.decoded.get(`${step} ${tensor}`);
  }

  /** Asks for pictures of the decoder, each once. */
  async decode(step: number, tensor: StepTensor): Promise<void> {
    const name = `${step} ${tensor}`;
    if (this.#decoding.has(name) || this.#inspection === '') return;
    this.#decoding.add(name);
    await this.#guard(async () => {
      const { picture } = await this.#ask().call('inspect.decode', {
        project: this.project,
        inspection: this.#inspection,
        step,
        tensor,
      });
      this.decoded = new Map(this.decoded).set(name, pictureUrl(picture));
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.pause();
    await this.#end().catch(() => {});
  }

  async #advance(): Promise<void> {
    this.stopReplay();
    this.phase = 'running';
    await this.#guard(async () => {
      for (;;) {
        const began = performance.now();
        const told = await this.#ask().call('inspect.next', {
          project: this.project,
          inspection: this.#inspection,
        });
        if (this.phase !== 'running') return;
        if ('end' in told) {
          this.end = told.end;
          this.phase = 'finished';
          return;
        }
        this.stepMs = performance.now() - began;
        preload(told.step);
        const follows = this.shown === this.steps.length;
        this.steps = [...this.steps, told.step];
        if (follows) this.shown = this.steps.length;
        // The picture belongs to the last step.
        if (this.#wantsPause && told.step.step < told.step.steps) {
          this.phase = 'paused';
          return;
        }
      }
    });
  }

  async #end(): Promise<void> {
    if (this.#inspection === '') return;
    await this.#ask().call('inspect.end', { project: this.project, inspection: this.#inspection });
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.phase === 'stopping' || this.phase === 'stopped' || this.#isClosed) return;
      this.problem = messageOf(error);
      this.phase = 'failed';
    }
  }
}

/** Scrubbing must not wait for pictures. */
function preload({ next, noise, denoised }: InspectionStep): void {
  for (const { tiles, colours } of [next, noise, denoised]) {
    for (const picture of [tiles.picture, colours]) {
      if (picture !== null) new Image().src = pictureUrl(picture);
    }
  }
}
