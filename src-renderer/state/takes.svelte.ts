import type { Result } from '../../src-shared/contract/methods.ts';
import type { Command } from '../../src-shared/model/commands.ts';
import type { Keyframe, Take } from '../../src-shared/model/document-types.ts';
import { pinAt, pinsWith, takesWith } from '../../src-shared/model/frame-marks.ts';
import type { ProjectSession } from './project.svelte.ts';
import type { Studio } from './studio.svelte.ts';
import { TakeMatch } from './take-match.svelte.ts';

type TakeStatus = Result<'takes.status'>['takes'][number];

/** Other seeds for a keyframe or a single frame: made, kept, looked at beside the frame, chosen. */
export class Takes {
  /** Number of the take that the stage shows; null shows the frame as it is. */
  looking = $state<number | null>(null);
  sideBySide = $state(false);
  /** Where the pictures of {@link list} are; in their order. */
  status = $state.raw<readonly TakeStatus[]>([]);
  /** Share of each take that is being rendered, by its number. */
  progress = $state.raw<ReadonlyMap<number, number>>(new Map());
  readonly match: TakeMatch;
  readonly #studio: Studio;
  #asked = '';

  constructor(studio: Studio) {
    this.#studio = studio;
    this.match = new TakeMatch(studio);
  }

  get #project(): ProjectSession | null {
    return this.#studio.project;
  }

  /** The frame that takes are of: the one that the stage shows. */
  get frame(): number {
    return this.#studio.player.frame;
  }

  get keyframe(): Keyframe | undefined {
    return this.#project?.document.keyframes.find(({ frame }) => frame === this.frame);
  }

  get list(): readonly Take[] {
    return (this.#project?.document.takes ?? []).filter(({ frame }) => frame === this.frame);
  }

  get pin(): Take | undefined {
    return this.#project === null ? undefined : pinAt(this.#project.document, this.frame);
  }

  isChosen({ seed, amount }: Take): boolean {
    const { pin, keyframe } = this;
    if (pin !== undefined) return pin.seed === seed && pin.amount === amount;
    return amount === undefined && keyframe?.seed === seed;
  }

  /** Asks where the pictures are; called whenever the frame, its takes or the document change. */
  async refresh(): Promise<void> {
    const project = this.#project;
    const { frame, list } = this;
    const asked = `${project?.id} ${project?.revision} ${frame} ${JSON.stringify(list)}`;
    if (asked === this.#asked || project === null) return;
    const isOther = !this.#asked.includes(` ${frame} `);
    this.#asked = asked;
    if (isOther) {
      this.looking = null;
      this.progress = new Map();
    }
    const takes = list.map(({ seed, amount }) => ({ seed, ...(amount === undefined ? {} : { amount }) }));
    const answer =
      takes.length === 0
        ? { takes: [] }
        : await this.#studio.ask((client) =>
            client.call('takes.status', { project: project.id, frame, takes }),
          );
    if (answer !== undefined && asked === this.#asked) this.status = answer.takes;
  }

  /** Another seed: kept as a take, rendered and shown. */
  async reroll(amount?: number): Promise<void> {
    const project = this.#project;
    if (project === null || project.readonly) return;
    const { frame, list } = this;
    const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
    const take: Take = { frame, seed, ...(amount === undefined ? {} : { amount }) };
    // What the frame has now is a take too, so that it can be gone back to.
    const first = list.length === 0 ? this.#current(frame) : [];
    this.#edit({ takes: takesWith(project.document, frame, [...list, ...first, take]) }, 'Add take');
    const number = list.length + first.length;
    await this.render(number, take);
    if (this.#shows(project, frame)) this.looking = number;
  }

  /** Whether the stage still shows the frame: rendering a take lasts, and the playhead may have moved meanwhile. */
  #shows(project: ProjectSession | null, frame: number): boolean {
    return this.#project?.file === project?.file && this.frame === frame;
  }

  #current(frame: number): Take[] {
    const { pin, keyframe } = this;
    if (pin !== undefined) return [pin];
    return typeof keyframe?.seed === 'number' ? [{ frame, seed: keyframe.seed }] : [];
  }

  async render(number: number, { frame, seed, amount }: Take): Promise<void> {
    const project = this.#project;
    if (project === null) return;
    const set = (share: number | null): void => {
      const progress = new Map(this.progress);
      if (share === null) progress.delete(number);
      else progress.set(number, share);
      this.progress = progress;
    };
    set(0);
    const take = { seed, ...(amount === undefined ? {} : { amount }) };
    await this.#studio.ask((client) =>
      client.call(
        'takes.render',
        { project: project.id, frame, take },
        { onProgress: ({ done, total }) => set(total === 0 ? 0 : done / total) },
      ),
    );
    set(null);
    this.#asked = '';
    await this.refresh();
  }

  /** Shows a take, or the frame again when it is shown already; renders it where it is not there. */
  async look(number: number): Promise<void> {
    if (this.looking === number) {
      this.looking = null;
      return;
    }
    const take = this.list[number];
    if (take === undefined) return;
    const project = this.#project;
    if (this.status[number]?.cached !== true) await this.render(number, take);
    if (this.#shows(project, take.frame)) this.looking = number;
  }

  /** A and B in turns: the frame as it is, and the take that was looked at last (or the newest). */
  flip(): void {
    if (this.list.length === 0) return;
    if (this.looking === null) void this.look(this.#last ?? this.list.length - 1);
    else {
      this.#last = this.looking;
      this.looking = null;
    }
  }
  #last: number | undefined;

  /** A keyframe takes the seed, and its neighbours move with it; a frame is pinned, and they stay. */
  use(take: Take, how: 'keyframe' | 'pin'): void {
    const project = this.#project;
    if (project === null) return;
    const { frame, pin } = this;
    if (how === 'pin') {
      this.#edit({ pins: pinsWith(project.document, frame, take) }, `Pin frame ${frame} to a take`);
    } else {
      const commands: Command[] = [{ type: 'setChannel', frame, channel: 'seed', value: take.seed }];
      if (pin !== undefined) commands.push(settings({ pins: pinsWith(project.document, frame, null) }));
      project.edit(commands, 'Use take');
    }
    this.looking = null;
  }

  unpin(): void {
    const project = this.#project;
    if (project === null) return;
    this.#edit({ pins: pinsWith(project.document, this.frame, null) }, `Unpin frame ${this.frame}`);
  }

  remove(number: number): void {
    const project = this.#project;
    if (project === null) return;
    const rest = this.list.filter((_, at) => at !== number);
    this.looking = null;
    this.#edit({ takes: takesWith(project.document, this.frame, rest) }, 'Remove take');
  }

  #edit(changed: { takes?: readonly Take[]; pins?: readonly Take[] }, label: string): void {
    this.#project?.edit([settings(changed)], label);
  }
}

/** Empty lists are taken out of the document. */
function settings(changed: Readonly<Record<string, readonly Take[]>>): Command {
  const entries = Object.entries(changed).map(([name, list]) => [name, list.length === 0 ? null : list]);
  return { type: 'setSettings', settings: Object.fromEntries(entries) } as Command;
}
