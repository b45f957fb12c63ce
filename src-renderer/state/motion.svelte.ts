import { AppError } from '../../src-shared/kernel/errors.ts';
import type { ProjectSession } from './project.svelte.ts';
import type { Studio } from './studio.svelte.ts';

/** Frames that come in one after the other are measured together, milliseconds. */
const WAIT_MS = 800;
/** A frame that is this many times as far from the one before it as the middle one is a jump. */
const JUMP = 2.5;

/** How far each rendered frame is from the one before it. */
export class Motion {
  /** By frame; null where it is not known. */
  distances = $state.raw<readonly (number | null)[]>([]);
  /** Null until frames that differ were measured. */
  readonly median = $derived.by<number | null>(() => {
    const moved = this.distances.filter((distance) => distance !== null && distance > 0) as number[];
    if (moved.length < 3) return null;
    return moved.sort((a, b) => a - b)[Math.floor(moved.length / 2)] as number;
  });
  /** The frame with the largest distance. */
  readonly worst = $derived.by<number>(() => {
    let worst = 0;
    for (const [frame, distance] of this.distances.entries()) {
      if ((distance ?? 0) > (this.distances[worst] ?? 0)) worst = frame;
    }
    return worst;
  });
  /** The largest distance as a multiple of the middle one; null until it is known. */
  readonly unevenness = $derived.by<number | null>(() => {
    const { median } = this;
    if (median === null) return null;
    return (this.distances[this.worst] ?? 0) / median;
  });
  readonly #studio: Studio;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking: AbortController | undefined;
  #project: ProjectSession | undefined;

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  isJump(distance: number): boolean {
    return this.median !== null && distance > this.median * JUMP;
  }

  /** Frames of the project came or went. */
  changed(project: ProjectSession): void {
    if (project !== this.#project) this.distances = [];
    this.#project = project;
    // Not put off again by every frame: during a render they never stop coming.
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#measure(project);
    }, WAIT_MS);
  }

  async #measure(project: ProjectSession): Promise<void> {
    const { client } = this.#studio.connection;
    if (client === null || project !== this.#studio.project || project.frameCount === 0) return;
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const { distances } = await client.call(
        'frames.motion',
        { project: project.id },
        { signal: asking.signal },
      );
      if (!asking.signal.aborted) this.distances = distances;
    } catch (error) {
      // Why frames cannot be planned is shown where they are.
      if (!(error instanceof AppError)) throw error;
    }
  }
}
