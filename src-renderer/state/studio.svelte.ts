import { untrack } from 'svelte';
import type { HostClient } from '../../src-shared/contract/client.ts';
import type { EventData } from '../../src-shared/contract/events.ts';
import type { Result } from '../../src-shared/contract/methods.ts';
import type { Transport } from '../../src-shared/contract/transport.ts';
import { AppError, messageOf } from '../../src-shared/kernel/errors.ts';
import { CHANNELS, type ChannelName } from '../../src-shared/model/channels.ts';
import type { ProjectDocument } from '../../src-shared/model/document-types.ts';
import { KeyClipboard } from '../commands/key-clipboard.ts';
import type { Easing } from '../../src-shared/model/easing.ts';
import { PictureCache } from '../client/pictures.ts';
import { isNumeric, numberAt } from '../timeline/lanes.ts';
import { Connection } from './connection.svelte.ts';
import type { Desktop } from './desktop.svelte.ts';
import { Drop } from './drop.svelte.ts';
import { Library } from './library.svelte.ts';
import { firstRun } from './first-run.ts';
import { Player } from './player.svelte.ts';
import { Openings } from './openings.ts';
import { PreferenceStore } from './preferences.svelte.ts';
import { MenuState } from './menu.svelte.ts';
import { EditCostMeter } from './edit-cost.svelte.ts';
import { ProjectSession } from './project.svelte.ts';
import { KeySelection } from './selection.svelte.ts';
import { Motion } from './motion.svelte.ts';
import { Rendering } from './rendering.svelte.ts';
import { type Span, spanOf } from './span.ts';
import { SoundState } from './sound.svelte.ts';
import { Takes } from './takes.svelte.ts';
import { startingValue } from './starting-value.ts';

export interface Toast {
  readonly id: number;
  readonly kind: 'info' | 'error';
  readonly text: string;
}

/** What actions ask of the timeline that shows. */
export interface TimelineView {
  fitAll(): void;
  zoom(factor: number): void;
  renameMarker(index: number): void;
}

/** What outlives a reload of the window, and nothing else. */
export type TabStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
const OPEN_PROJECT = 'inbetween.open-project';

const REFRESH_AFTER_MS = 120;
const MAX_TOASTS = 4;

export type StudioDialog =
  | 'connection'
  | 'export'
  | 'shortcuts'
  | 'open'
  | 'grid'
  | 'inspector'
  | 'models'
  | 'settings'
  | 'beats'
  | 'motion'
  | 'time'
  | 'sound';

/** Everything that the window knows; handed down by context, made anew by tests. */
export class Studio {
  /** The shell of a desktop window; null in a browser. */
  readonly desktop: Desktop | null;
  readonly library = new Library(this);
  readonly drop = new Drop(this);
  readonly connection: Connection;
  readonly preferences: PreferenceStore;
  readonly pictures = new PictureCache();
  readonly player: Player;
  project = $state.raw<ProjectSession | null>(null);
  host = $state.raw<Result<'host.info'> | null>(null);
  opening = $state('');
  toasts = $state.raw<readonly Toast[]>([]);
  engineMessage = $state('');
  engineOk = $state(true);
  provider = $state('');
  /** Counts the cells of grids that were stored, so that a grid that shows asks again. */
  cellsStored = $state(0);
  /** What is selected on the timeline. */
  readonly selected = new KeySelection();
  /** Drags of keys take everything later along. */
  ripple = $state(false);
  copiedEasing = $state.raw<Easing | null>(null);
  readonly clipboard = new KeyClipboard(this);
  readonly menu = new MenuState();
  readonly sound = new SoundState(this);
  readonly rendering = new Rendering(this);
  readonly takes = new Takes(this);
  readonly motion = new Motion(this);
  readonly editCost = new EditCostMeter(this);
  /** The timeline that shows, for actions that zoom it; null without one. */
  timeline = $state.raw<TimelineView | null>(null);
  /** The dialog that is open. */
  dialog = $state<StudioDialog | null>(null);
  /** Dialogs that show, which one that is on its way does not yet; for a moment there are two when one follows another. */
  #modals = $state(0);
  /** The prompt's field takes the focus: at once, or where nothing else has it; null once it has. */
  wantsWords = $state<'now' | 'when idle' | null>(null);
  lastExport = $state.raw<EventData<'job.done'> | null>(null);
  readonly #openings = new Openings();
  readonly #tab: TabStorage | null;
  #reopen: string | undefined;
  #toastId = 0;
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    open: () => Promise<Transport>,
    storage: Pick<Storage, 'getItem' | 'setItem'>,
    desktop: Desktop | null = null,
    tab: TabStorage | null = null,
  ) {
    this.desktop = desktop;
    this.#tab = tab;
    this.#reopen = tab?.getItem(OPEN_PROJECT) ?? undefined;
    this.preferences = new PreferenceStore(storage);
    this.player = new Player(
      () => this.span,
      () => this.project?.document.fps ?? 12,
    );
    this.connection = new Connection({
      open,
      onOpen: (client) => void this.#onOpen(client),
      onProblem: (message) => this.tell(message, 'error'),
    });
    if (this.preferences.problem !== '') this.tell(this.preferences.problem, 'error');
  }

  /** Frames of the selected keys; setting it selects whole keyframes. */
  get selection(): readonly number[] {
    return this.selected.frames;
  }

  set selection(frames: readonly number[]) {
    this.selected.setFrames(frames);
  }

  /** The loop range that the document sets; null for the whole timeline. */
  get range(): { readonly from: number; readonly to: number } | null {
    return this.project?.document.range ?? null;
  }

  /** First and last frame of playback and rendering: the loop range, or the whole timeline. */
  get span(): Span {
    return this.project === null ? { from: 0, to: 0 } : spanOf(this.project.document);
  }

  get hasModal(): boolean {
    return this.#modals > 0;
  }

  /** A dialog shows until what this returns is called. */
  showsModal(): () => void {
    const count = untrack(() => this.#modals);
    this.#modals = count + 1;
    return () => void (this.#modals -= 1);
  }

  tell(text: string, kind: Toast['kind'] = 'info'): void {
    if (this.toasts.some((toast) => toast.text === text)) return;
    this.#toastId += 1;
    this.toasts = [...this.toasts, { id: this.#toastId, kind, text }].slice(-MAX_TOASTS);
  }

  dismiss(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  readonly fail = (error: unknown): void => {
    // A connection that broke is shown once, in its own place.
    if (error instanceof AppError && error.data.reason === 'disconnected') return;
    if (error instanceof AppError && error.code === 'cancelled') return;
    const message = messageOf(error);
    // The host names the request that it refuses ("settings.set: hub is ..."), which is for those who write requests.
    this.tell(message.replace(/^[a-z]+\.[A-Za-z]+: /, ''), 'error');
  };

  async #onOpen(client: HostClient): Promise<void> {
    this.#listen(client);
    try {
      this.host = await client.call('host.info', {});
      void this.library.refresh();
      if (this.#reopen === undefined) await firstRun(this);
      // One that is gone since the window was loaded anew is told once.
      else if (!(await this.open(this.#reopen)) && this.project === null) this.#comeBackTo(undefined);
    } catch (error) {
      this.fail(error);
    }
  }

  /** @throws {AppError} engine-failed while there is no connection */
  get client(): HostClient {
    const { client } = this.connection;
    if (client !== null) return client;
    throw new AppError('engine-failed', 'The host is not connected; the window tries again by itself.', {
      data: { reason: 'disconnected' },
    });
  }

  /** Calls the host; failures are shown and answered with undefined. */
  async ask<Value>(work: (client: HostClient) => Promise<Value>): Promise<Value | undefined> {
    try {
      return await work(this.client);
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  async open(file: string): Promise<boolean> {
    return this.#show(file, (client) => client.call('project.open', { file }));
  }

  /** A copy of an example, an exported file or a JSON project, as a project of one's own. */
  async openCopy(from: string): Promise<boolean> {
    return this.#show(from, async (client) => {
      const made = await client.call('project.create', { from });
      for (const note of made.notes) this.tell(note);
      return made;
    });
  }

  async create(name: string): Promise<boolean> {
    const document = {
      format: 'inbetween/1',
      name,
      model: 'fluent-world',
      fps: 12,
      length: 49,
      keyframes: [{ frame: 0, prompt: '' }],
    };
    const isShown = await this.#show(name, (client) => client.call('project.create', { document }));
    if (isShown) this.wantsWords = 'when idle';
    return isShown;
  }

  async #show(what: string, load: (client: HostClient) => Promise<Result<'project.open'>>): Promise<boolean> {
    this.opening = what;
    const turn = this.#openings.begin();
    try {
      const client = this.client;
      const state = await load(client);
      const again = this.project?.file === state.file;
      // After a new connection the project that shows has another id, and the old one is gone with the old connection.
      if (!this.#end(client, turn, state.project, again ? state.project : undefined)) return false;
      const session = new ProjectSession(client, state, {
        onError: this.fail,
        onChanged: () => this.#onChanged(),
      });
      if (again && this.project !== null) session.takeOver(this.project);
      this.project = session;
      this.#comeBackTo(state.file);
      void this.library.refresh();
      if (!again) this.player.seek(0, 0);
      this.#onChanged();
      return true;
    } catch (error) {
      const { client } = this.connection;
      if (client !== null) this.#end(client, turn, null);
      this.fail(error);
      return false;
    } finally {
      if (this.opening === what) this.opening = '';
    }
  }

  /** Closes what an opening has made superfluous; tells whether what it opened shows. */
  #end(client: HostClient, turn: number, opened: string | null, shown = this.project?.id ?? null): boolean {
    const { shows, close } = this.#openings.end(turn, opened, shown);
    // The host closes by itself what a connection that has just broken had open.
    for (const project of close) client.call('project.close', { project }).catch(() => {});
    return shows;
  }

  /** The project that a new connection, or the window loaded anew, opens again. */
  #comeBackTo(file: string | undefined): void {
    this.#reopen = file;
    if (file === undefined) this.#tab?.removeItem(OPEN_PROJECT);
    else this.#tab?.setItem(OPEN_PROJECT, file);
  }

  /** Works with another host from now on: what is open here stays there. */
  changeHost(): void {
    this.player.setSpeed(0);
    this.project = null;
    this.#comeBackTo(undefined);
    this.host = null;
    this.library.recent = [];
    this.connection.restart();
  }

  closeProject(): void {
    const { project } = this;
    this.player.setSpeed(0);
    this.project = null;
    this.#comeBackTo(undefined);
    if (project !== null) void this.ask((client) => client.call('project.close', { project: project.id }));
  }

  #onChanged(): void {
    clearTimeout(this.#refreshTimer);
    this.#refreshTimer = setTimeout(() => void this.#refresh(), REFRESH_AFTER_MS);
  }

  async #refresh(): Promise<void> {
    const { project } = this;
    if (project === null || !project.isSaved) return;
    await project.frames.refresh(project.frameCount, this.player.frame, project.revision);
    if (project !== this.project) return;
    if (this.player.frame >= project.frameCount)
      this.player.seek(project.frameCount - 1, project.frameCount - 1);
    // A new project waits for its first words.
    const hasWords = project.document.keyframes.some(({ prompt }) => prompt !== undefined && prompt !== '');
    const wanted = this.preferences.value.autoRender && hasWords;
    if (wanted && project.frames.missing > 0 && project.frames.problem === '') {
      await this.render();
    }
  }

  /** Sets one end of the loop range to the playhead; the other end gives way when it must. */
  setRange(end: 'from' | 'to'): void {
    const { frame } = this.player;
    const { from, to } = this.span;
    const range =
      end === 'from' ? { from: frame, to: Math.max(frame, to) } : { from: Math.min(from, frame), to: frame };
    this.project?.edit([{ type: 'setSettings', settings: { range } }]);
  }

  /** A keyframe at the playhead with the prompt that holds there, ready to be changed. */
  addKeyframe(): void {
    this.addKey('prompt', this.player.frame);
    this.wantsWords = 'now';
  }

  clearRange(): void {
    this.project?.edit([{ type: 'setSettings', settings: { range: null } }]);
  }

  /** A key of one channel with the value that the channel has there; an existing one is selected. */
  addKey(channel: ChannelName, frame: number): void {
    const { project } = this;
    if (project === null) return;
    const { document } = project;
    this.selected.set([{ frame, channel: channel === 'prompt' ? '*' : channel }]);
    if (document.keyframes.some((keyframe) => keyframe.frame === frame && keyframe[channel] !== undefined))
      return;
    const before = document.keyframes
      .filter((other) => other.frame <= frame && other[channel] !== undefined)
      .at(-1);
    const after = document.keyframes.find((other) => other[channel] !== undefined);
    const held =
      valuesBetween(channel, document, frame) ??
      before?.[channel] ??
      after?.[channel] ??
      startingValue(channel, document);
    if (held === undefined) {
      this.tell(`${CHANNELS[channel].label} needs a picture: put one into the keyframe's panel.`);
      return;
    }
    project.edit(
      [{ type: 'setChannel', frame, channel, value: held as never }],
      `Add ${CHANNELS[channel].label.toLowerCase()} key`,
    );
  }

  /** Renders what is missing of the loop range. */
  render(): Promise<void> {
    return this.rendering.start();
  }

  /** The playhead's frame renders first. */
  movedPlayhead(): void {
    this.rendering.movedPlayhead();
  }

  #listen(client: HostClient): void {
    const ofProject = <Data extends { readonly project: string }>(
      take: (project: ProjectSession, data: Data) => void,
    ) => {
      return (data: Data): void => {
        if (this.project !== null && data.project === this.project.id) take(this.project, data);
      };
    };
    client.on(
      'project.changed',
      ofProject((project, change) => project.onChanged(change)),
    );
    client.on(
      'job.started',
      ofProject((project, job) => project.setJob(job)),
    );
    client.on(
      'job.progress',
      ofProject((project, { job, project: _id, ...progress }) => project.setProgress(job, progress)),
    );
    this.rendering.listen(client);
    client.on(
      'job.done',
      ofProject((project, done) => {
        project.endJob(done.job);
        if (done.output !== null) this.lastExport = done;
      }),
    );
    client.on(
      'job.cancelled',
      ofProject((project, { job }) => project.endJob(job)),
    );
    client.on(
      'job.failed',
      ofProject((project, { job, error }) => {
        project.endJob(job);
        this.tell(error.message, 'error');
      }),
    );
    client.on('note', ({ message, project, frame }) => {
      if (project !== undefined && project !== this.project?.id) return;
      this.tell(frame === undefined ? message : `Frame ${frame}: ${message}`);
    });
    client.on('engine.state', (told) => {
      if (told.state === 'failed') {
        this.engineOk = false;
        this.engineMessage = told.message;
      } else if (told.state === 'provider') {
        this.provider = told.provider;
        if (told.surprising) this.tell(told.message);
      } else {
        this.engineOk = true;
        this.engineMessage = '';
      }
    });
  }
}

/** What a numeric channel has at a frame where keys of it are: a new key there changes nothing. */
function valuesBetween(channel: ChannelName, document: ProjectDocument, frame: number): number | undefined {
  const value = isNumeric(channel) ? numberAt(document, channel, frame) : undefined;
  return value === undefined ? undefined : Number(value.toFixed(4));
}
