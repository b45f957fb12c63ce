import type { Result } from '../../src-shared/contract/methods.ts';
import { AppError } from '../../src-shared/kernel/errors.ts';
import type { Command } from '../../src-shared/model/commands.ts';
import { counted, duration } from '../ui/format.ts';
import type { Studio } from './studio.svelte.ts';

export type EditCost = Pick<Result<'plan.changed'>, 'missing' | 'estimatedMs'> & { readonly frames: number };

/** Between two questions while a drag goes on, milliseconds. */
const ASK_EVERY_MS = 150;

/** For the status bar and the panel that the edit is made in. */
export function costWords({ frames, missing, estimatedMs }: EditCost): string {
  if (frames === 0) return 'This edit changes no frame';
  if (missing === 0) return `This edit changes ${counted(frames, 'frame')}; all are there already`;
  const time = estimatedMs === null ? '' : `, about ${duration(estimatedMs)}`;
  return `This edit re-renders ${counted(missing, 'frame')}${time}`;
}

/**
 * What the edit under way would cost: "re-renders 37 frames, about 4 min". One question at a time; while one is on its
 * way, only the newest state of the drag waits for its turn. What is typed into a field is an edit under way as well,
 * although the document does not show it before Enter.
 */
export class EditCostMeter {
  /** Null while no edit is under way, or nothing is known of it. */
  cost = $state.raw<EditCost | null>(null);
  /** What a field holds that has not been entered yet; null while nothing is typed. */
  #typed = $state.raw<readonly Command[] | null>(null);
  readonly #studio: Studio;
  #asking: AbortController | undefined;
  #again = false;

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  get isTyping(): boolean {
    return this.#typed !== null;
  }

  /** A field holds what these commands would enter; null when it is entered, left or taken back. */
  typed(commands: readonly Command[] | null): void {
    this.#typed = commands;
    this.update();
  }

  get #commands(): readonly Command[] {
    const previewed = this.#studio.project?.previewed ?? [];
    return previewed.length > 0 ? previewed : (this.#typed ?? []);
  }

  /** The preview changed, or ended. */
  update(): void {
    const { project } = this.#studio;
    const commands = this.#commands;
    if (project === null || commands.length === 0) {
      this.#asking?.abort();
      this.#again = false;
      this.cost = null;
      return;
    }
    if (this.#asking !== undefined) {
      this.#again = true;
      return;
    }
    void this.#ask();
  }

  async #ask(): Promise<void> {
    const { project, connection } = this.#studio;
    if (project === null || connection.client === null) return;
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const { frames, missing, estimatedMs } = await connection.client.call(
        'plan.changed',
        { project: project.id, commands: [...this.#commands] },
        { signal: asking.signal },
      );
      if (!asking.signal.aborted) this.cost = { frames: frames.length, missing, estimatedMs };
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    } catch (error) {
      // In the middle of a drag a place may be refused; what the host says of the edit itself is shown when it is made.
      if (!(error instanceof AppError)) throw error;
      this.cost = null;
    } finally {
      this.#asking = undefined;
    }
    if (!this.#again) return;
    this.#again = false;
    this.update();
  }
}
