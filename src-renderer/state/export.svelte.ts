import type { HostClient } from '../../src-shared/contract/client.ts';
import type { Params, Result } from '../../src-shared/contract/methods.ts';
import type { Preset } from '../../src-shared/contract/preset.ts';
import { AppError } from '../../src-shared/kernel/errors.ts';
import { DEFAULT_NAME_PATTERN, exportName, namePatternProblem } from '../../src-shared/model/export-name.ts';
import type { ProjectSession } from './project.svelte.ts';
import type { FilmFormat } from './naive-size.ts';
import type { Span } from './span.ts';

export type ListedPreset = Result<'presets.list'>['presets'][number];
export type Estimate = NonNullable<Result<'export.estimate'>['estimate']>;

const MOST_FPS = 240;
/** Viewers slow down what is faster. */
const MOST_GIF_FPS = 50;

/** The choices of one export, and what the host says about them. */
export class ExportState {
  presets = $state.raw<readonly ListedPreset[]>([]);
  preset = $state<string | null>(null);
  format = $state<FilmFormat>('gif');
  rangeKind = $state<'all' | 'loop' | 'custom'>('all');
  customFrom = $state(0);
  customTo = $state(0);
  width = $state(256);
  height = $state(256);
  isLocked = $state(true);
  fit = $state<'contain' | 'cover' | 'stretch'>('cover');
  background = $state<'blur' | 'black' | 'white'>('blur');
  fps = $state(12);
  loop = $state(0);
  pingPong = $state(false);
  holdFirst = $state(0);
  holdLast = $state(0);
  crossFades = $state(0);
  quality = $state(80);
  dither = $state<'bayer' | 'sierra' | 'none'>('bayer');
  palette = $state<'global' | 'per-frame'>('global');
  hasLimit = $state(false);
  limitMb = $state(8);
  missing = $state<'render' | 'nearest'>('render');
  /** What was chosen; a sequence of files goes into a folder all the same. */
  wanted = $state<'download' | 'folder'>('download');
  folder = $state('');
  /** Of the file's name. */
  pattern = $state(DEFAULT_NAME_PATTERN);

  estimate = $state.raw<Estimate | null>(null);
  preview = $state.raw<Result<'export.estimate'>['preview']>(null);
  /** Share of the trial encodes that are done; null when none are under way. */
  estimating = $state<number | null>(null);
  readonly #project: ProjectSession;
  readonly #loopSpan: () => Span;
  readonly #native: { readonly width: number; readonly height: number };
  #trial: AbortController | undefined;

  readonly #preferredPattern: () => string;

  /** @param preferredPattern of the name, where a preset has none */
  constructor(
    project: ProjectSession,
    loopSpan: () => Span,
    hasLoop: boolean,
    preferredPattern: () => string = () => DEFAULT_NAME_PATTERN,
  ) {
    this.#project = project;
    this.#preferredPattern = preferredPattern;
    this.pattern = preferredPattern();
    this.#loopSpan = loopSpan;
    const { document } = project;
    this.#native = document.size ?? { width: 256, height: 256 };
    this.width = this.#native.width;
    this.height = this.#native.height;
    this.fps = document.fps;
    this.customTo = Math.max(0, project.frameCount - 1);
    this.loop = document.export?.loop ?? 0;
    if (hasLoop) this.rangeKind = 'loop';
  }

  /** First and last frame. */
  readonly range = $derived.by((): Span => {
    const last = Math.max(0, this.#project.frameCount - 1);
    if (this.rangeKind === 'all') return { from: 0, to: last };
    if (this.rangeKind === 'loop') return this.#loopSpan();
    const from = Math.min(Math.max(0, Math.round(this.customFrom) || 0), last);
    return { from, to: Math.min(Math.max(from, Math.round(this.customTo) || 0), last) };
  });
  readonly frames = $derived(this.range.to - this.range.from + 1);
  /** Pictures from start to end. */
  readonly shown = $derived.by(() => {
    const once = (this.frames - 1) * (this.crossFades + 1) + 1;
    return this.pingPong && once > 2 ? once * 2 - 2 : once;
  });
  readonly picturesASecond = $derived(this.fps * (this.crossFades + 1));
  readonly seconds = $derived(this.shown / this.picturesASecond + this.holdFirst + this.holdLast);
  readonly chosen = $derived(this.presets.find(({ id }) => id === this.preset));
  /** A contact sheet: one picture instead of a film. */
  readonly isSheet = $derived(this.chosen?.format === 'grid');
  readonly isScaled = $derived.by(
    () => this.width !== this.#native.width || this.height !== this.#native.height,
  );
  /** Many files are no download. */
  readonly where = $derived(this.format === 'png' && !this.isSheet ? 'folder' : this.wanted);
  readonly ending = $derived(this.isSheet ? 'jpg' : this.format);

  readonly patternProblem = $derived(namePatternProblem(this.pattern));

  /** Name of the file at a moment, without its ending; '' while the pattern is none. */
  nameAt(now: Date): string {
    if (this.patternProblem !== '') return '';
    const { preset, ending: format, width, height, fps, range } = this;
    const project = this.#project.document.name;
    return exportName(
      this.pattern,
      { project, format, width, height, fps, range, ...(preset === null ? {} : { preset }) },
      now,
    );
  }

  /** As the host is asked. */
  readonly wishes = $derived.by((): Omit<Params<'export.estimate'>, 'project'> => {
    const { range, isSheet } = this;
    if (isSheet) return { range, quality: Math.round(this.quality), preset: this.preset as string };
    return {
      range,
      format: this.format,
      quality: Math.round(this.quality),
      dither: this.dither,
      palette: this.palette,
      playback: {
        fps: this.fps,
        loop: this.loop,
        pingPong: this.pingPong,
        holdFirst: this.holdFirst,
        holdLast: this.holdLast,
        crossFades: this.crossFades,
      },
      ...(this.isScaled
        ? {
            size: { width: this.width, height: this.height, fit: this.fit, background: this.background },
          }
        : {}),
    };
  });

  /** Why it cannot be exported like this; '' when it can. */
  readonly problem = $derived.by(() => {
    const isSide = (side: number): boolean => Number.isInteger(side) && side >= 16 && side <= 16_384;
    if (this.#project.frameCount === 0) return 'The timeline has no keyframes yet.';
    if (!this.isSheet && !(isSide(this.width) && isSide(this.height)))
      return 'Width and height are 16 to 16,384 pixels.';
    if (!(this.fps > 0 && this.fps <= 240)) return 'Frames a second are more than 0 and at most 240.';
    const most = this.format === 'gif' ? MOST_GIF_FPS : MOST_FPS;
    if (!this.isSheet && this.picturesASecond > most)
      return `${this.picturesASecond} pictures a second would be shown; ${this.format.toUpperCase()} takes ${most} at most.`;
    if (!(this.holdFirst >= 0 && this.holdLast >= 0 && this.holdFirst <= 600 && this.holdLast <= 600))
      return 'Ends are held 0 to 600 seconds.';
    if (this.hasLimit && !(this.limitMb >= 0.002)) return 'The limit is at least 0.002 MB.';
    if (this.patternProblem !== '') return this.patternProblem;
    if (this.where === 'folder' && this.folder.trim() === '') return 'A folder is needed.';
    return '';
  });

  /** Takes over the choices of a preset; null for the project's own. */
  choose(preset: ListedPreset | null): void {
    const { document } = this.#project;
    this.preset = preset?.id ?? null;
    this.pattern = preset?.name ?? this.#preferredPattern();
    if (preset !== null && preset.format !== 'grid') this.setFormat(preset.format);
    this.quality = preset?.quality ?? (this.format === 'webp' ? 80 : 85);
    this.dither = preset?.dither ?? 'bayer';
    this.palette = preset?.palette ?? 'global';
    this.width = preset?.size?.width ?? this.#native.width;
    this.height = preset?.size?.height ?? this.#native.height;
    this.fit = preset?.size?.fit ?? 'cover';
    this.background = preset?.size?.background ?? 'blur';
    this.fps = preset?.playback?.fps ?? document.fps;
    this.loop = preset?.playback?.loop ?? document.export?.loop ?? 0;
    this.pingPong = preset?.playback?.pingPong ?? false;
    this.holdFirst = preset?.playback?.holdFirst ?? 0;
    this.holdLast = preset?.playback?.holdLast ?? 0;
    this.crossFades = preset?.playback?.crossFades ?? 0;
    this.hasLimit = preset?.maxBytes !== undefined;
    if (preset?.maxBytes !== undefined) this.limitMb = preset.maxBytes / 1e6;
  }

  setFormat(format: FilmFormat): void {
    this.format = format;
    if (this.chosen !== undefined && this.chosen.format !== format) this.preset = null;
  }

  setSide(side: 'width' | 'height', value: number): void {
    const ratio = this.width / this.height;
    this[side] = value;
    if (!this.isLocked || !(value > 0) || !Number.isFinite(ratio)) return;
    if (side === 'width') this.height = Math.max(16, Math.round(value / ratio));
    else this.width = Math.max(16, Math.round(value * ratio));
  }

  resetSize(): void {
    ({ width: this.width, height: this.height } = this.#native);
  }

  /** These choices as a preset of the user's. */
  toPreset(id: string, title: string): Preset {
    const { format, playback, size, quality, dither, palette } = this.wishes;
    const words = this.isSheet ? 'Contact sheet' : `${String(format).toUpperCase()}, quality ${quality}`;
    return {
      id,
      title,
      description: `${words}${size === undefined ? '' : `, ${size.width} × ${size.height}`}${this.hasLimit ? `, at most ${this.limitMb} MB` : ''}.`,
      format: this.isSheet ? 'grid' : this.format,
      ...(playback === undefined ? {} : { playback }),
      ...(size === undefined ? {} : { size }),
      ...(quality === undefined ? {} : { quality }),
      ...(dither === undefined || this.format !== 'gif' ? {} : { dither }),
      ...(palette === undefined || this.format !== 'gif' ? {} : { palette }),
      ...(this.pattern === DEFAULT_NAME_PATTERN || this.pattern.trim() === '' ? {} : { name: this.pattern }),
      ...(this.hasLimit ? { maxBytes: Math.floor(this.limitMb * 1e6) } : {}),
      ...(this.chosen?.sheet === undefined ? {} : { sheet: this.chosen.sheet }),
    };
  }

  /** Encodes samples; an estimate that is under way is dropped. */
  async guess(client: HostClient): Promise<void> {
    this.cancelGuess();
    const trial = new AbortController();
    this.#trial = trial;
    this.estimating = 0;
    try {
      const found = await client.call(
        'export.estimate',
        { project: this.#project.id, ...this.wishes },
        {
          signal: trial.signal,
          onProgress: ({ done, total }) => {
            if (this.#trial === trial) this.estimating = done / total;
          },
        },
      );
      if (this.#trial !== trial) return;
      this.estimate = found.estimate;
      this.preview = found.preview;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'cancelled') throw error;
    } finally {
      if (this.#trial === trial) {
        this.#trial = undefined;
        this.estimating = null;
      }
    }
  }

  cancelGuess(): void {
    this.#trial?.abort();
    this.#trial = undefined;
    this.estimating = null;
  }
}
