import type { Result } from '../../src-shared/contract/methods.ts';
import type { Studio } from './studio.svelte.ts';

/** The takes of a frame in the order of how well they match its prompt. */
export class TakeMatch {
  /** Whether takes are shown in that order. */
  isOn = $state(false);
  isBusy = $state(false);
  /** The model that compares; null where none is installed, undefined before it was asked. */
  clip = $state.raw<Result<'takes.match'>['clip'] | undefined>(undefined);
  /** Cosines in the order in which takes were made; null where a take is not rendered. */
  matches = $state.raw<readonly (number | null)[]>([]);
  readonly #studio: Studio;
  #asked = '';

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  /** Numbers of the takes as they are shown: the best first, those that are not rendered last. */
  get order(): readonly number[] {
    const numbers = this.#studio.takes.list.map((_, number) => number);
    if (!this.isOn || this.matches.length !== numbers.length) return numbers;
    const scoreOf = (number: number): number => this.matches[number] ?? Number.NEGATIVE_INFINITY;
    return numbers.toSorted((a, b) => scoreOf(b) - scoreOf(a) || a - b);
  }

  toggle(): void {
    this.isOn = !this.isOn;
    this.#asked = '';
  }

  /** Asks for the scores where they are shown; called whenever the takes, their pictures or the document change. */
  async refresh(): Promise<void> {
    const { project, takes } = this.#studio;
    if (!this.isOn || project === null) return;
    const { frame, list, status } = takes;
    const asked = `${project.id} ${project.revision} ${frame} ${JSON.stringify([list, status])}`;
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.isBusy = true;
    const named = list.map(({ seed, amount }) => ({ seed, ...(amount === undefined ? {} : { amount }) }));
    const answer = await this.#studio.ask((client) =>
      client.call('takes.match', { project: project.id, frame, takes: named }),
    );
    if (asked !== this.#asked) return;
    this.isBusy = false;
    if (answer === undefined) return;
    this.matches = answer.matches;
    this.clip = answer.clip;
    if (answer.clip === null) this.isOn = false;
  }
}
