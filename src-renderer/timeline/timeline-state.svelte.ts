import { getContext, setContext } from 'svelte';
import { innerWidth } from 'svelte/reactivity/window';
import type { ChannelName } from '../../src-shared/model/channels.ts';
import type { ProjectDocument } from '../../src-shared/model/document-types.ts';
import type { ProjectSession } from '../state/project.svelte.ts';
import type { Studio } from '../state/studio.svelte.ts';
import { finishTyping, follow } from './follow.ts';
import { fit, frameAt, panBy, snapped, type View, zoomAt } from './geometry.ts';
import { LANE_HEIGHT, shownLanes, usualHeight } from './lanes.ts';
import { nearestBeat, snapTargets } from './snapping.ts';

/** Width of the column with the lanes' names, pixels, and how much of the window it may take. */
const HEAD = { width: 208, more: 150, share: 0.3 } as const;

/** Keyframes that are drawn for the first time in one picture of the screen. */
const KEYS_AT_ONCE = 40;

/** A box that is being drawn: frames sideways, pixels of the viewport up and down. */
export interface SelectionBox {
  readonly from: number;
  readonly to: number;
  readonly top: number;
  readonly bottom: number;
}

/** What the parts of the timeline share: where frames lie on the screen, and what is being done with them. */
export class TimelineState {
  readonly studio: Studio;
  readonly #project: () => ProjectSession;
  viewport = $state<HTMLElement>();
  /** Pixels that frames can lie on. */
  width = $state(0);
  view = $state.raw<View>({ left: 0, scale: 8, width: 0 });
  box = $state.raw<SelectionBox | null>(null);
  /** The key whose value is being typed in its place. */
  editing = $state.raw<{ readonly frame: number; readonly channel: ChannelName } | null>(null);

  /** Number of the marker whose name is being typed. */
  renaming = $state.raw<number | null>(null);

  readonly project = $derived.by(() => this.#project());
  readonly document: ProjectDocument = $derived(this.project.document);
  readonly count = $derived(this.project.frameCount);
  readonly unit = $derived.by(() => {
    const { timeUnit } = this.studio.preferences.value;
    return timeUnit === 'beats' && this.document.beats === undefined ? 'frames' : timeUnit;
  });
  /** Of the text, 1 as usual: what the window has, or less where the lanes' names would leave no room for frames. */
  readonly scale = $derived.by(() => {
    const room = HEAD.share * (innerWidth.current ?? Number.POSITIVE_INFINITY) - HEAD.width;
    return Math.min(this.studio.preferences.value.scale / 100, 1 + Math.max(0, room) / HEAD.more);
  });
  // Pixels.
  readonly headWidth = $derived(this.#grown(HEAD.width, HEAD.more));
  readonly ticksHeight = $derived(this.#grown(26, 12));
  readonly markersHeight = $derived(this.#grown(16, 12));
  readonly motionHeight = $derived(this.#grown(38, 8));
  readonly leastLaneHeight = $derived(this.#grown(LANE_HEIGHT.least, 14));
  /** Ticks, markers when there are any, cache bar and line. */
  readonly rulerHeight = $derived(
    this.ticksHeight + (this.document.markers === undefined ? 0 : this.markersHeight) + 9,
  );
  readonly lanes = $derived.by(() => shownLanes(this.document, this.studio.preferences.value.lanes));
  /** Keyframes near enough to be seen. */
  readonly #near = $derived.by(() => {
    const from = this.view.left - 160 / this.view.scale;
    const to = frameAt(this.view, this.width) + 1;
    return this.document.keyframes.filter(({ frame }) => frame >= from && frame <= to);
  });
  /** How many of them are drawn by now. */
  #drawn = $state(KEYS_AT_ONCE);
  /** Those that are drawn: of hundreds that come into sight at once, some more with each picture of the screen. */
  readonly keyframes = $derived(
    this.#near.length <= this.#drawn ? this.#near : this.#near.slice(0, this.#drawn),
  );

  constructor(studio: Studio, project: () => ProjectSession) {
    this.studio = studio;
    this.#project = project;
  }

  /** Draws more keys until all that are near are there; for an effect. */
  drawMore(): (() => void) | undefined {
    if (this.#near.length <= this.#drawn) {
      this.#drawn = Math.max(KEYS_AT_ONCE, this.#near.length);
      return undefined;
    }
    const request = requestAnimationFrame(() => (this.#drawn += KEYS_AT_ONCE));
    return () => cancelAnimationFrame(request);
  }

  /** `usual` pixels, and so many `more` where the text is twice as large. */
  #grown(usual: number, more: number): number {
    return Math.round(usual + more * (Math.max(1, this.scale) - 1));
  }

  /** Pixels from the first frame's place on the left. */
  xOf(event: MouseEvent): number {
    return event.clientX - (this.viewport?.getBoundingClientRect().left ?? 0) - this.headWidth;
  }

  /** The frame under the pointer, fractional. */
  frameOf(event: MouseEvent): number {
    return frameAt(this.view, this.xOf(event));
  }

  heightOf(channel: ChannelName | 'sound'): number {
    const own = this.studio.preferences.value.laneHeights[channel];
    const usual = channel === 'sound' ? 56 : this.#grown(...usualHeight(channel));
    return Math.max(this.leastLaneHeight, own ?? usual);
  }

  setHeight(channel: ChannelName | 'sound', height: number): void {
    const { laneHeights } = this.studio.preferences.value;
    const rounded = Math.round(Math.min(LANE_HEIGHT.most, Math.max(this.leastLaneHeight, height)));
    this.studio.preferences.set({ laneHeights: { ...laneHeights, [channel]: rounded } });
  }

  /** Ctrl turns snapping round for as long as it is held. */
  snapsFor(event: MouseEvent): boolean {
    return this.studio.preferences.value.snap !== (event.ctrlKey || event.metaKey);
  }

  /** The frame that a drag goes to: the nearest target, or the nearest whole frame. */
  snap(frame: number, event: MouseEvent, targets: readonly number[]): number {
    if (!this.snapsFor(event)) return Math.round(frame);
    return snapped(this.view, frame, [...targets, ...nearestBeat(this.document, frame)]);
  }

  fitAll(): void {
    this.view = fit(this.width, this.count);
  }

  renameMarker(index: number): void {
    this.renaming = index;
  }

  zoom(factor: number, x = this.width / 2): void {
    this.view = zoomAt(this.view, x, factor);
  }

  pan(pixels: number): void {
    this.view = panBy(this.view, pixels, this.count);
  }

  /** The playhead follows the pointer; it sticks softly to keys, markers and beats. */
  scrub(event: PointerEvent): void {
    if (event.button === 1) return this.panWith(event);
    if (event.button !== 0) return;
    finishTyping();
    const targets = snapTargets(this.document, this.count);
    const seek = (at: PointerEvent): void => {
      const frame = this.frameOf(at) - 0.5;
      const near = this.snapsFor(at) ? [...targets, ...nearestBeat(this.document, frame)] : [];
      this.studio.player.seek(snapped(this.view, frame, near, 5), this.count - 1);
    };
    this.studio.player.setSpeed(0);
    seek(event);
    follow(event, { move: seek, end: () => this.studio.movedPlayhead() });
  }

  panWith(event: PointerEvent): void {
    let last = this.xOf(event);
    follow(event, {
      move: (moved) => {
        this.pan(last - this.xOf(moved));
        last = this.xOf(moved);
      },
      end() {},
    });
  }
}

const KEY = Symbol('timeline');

export function provideTimeline(state: TimelineState): TimelineState {
  setContext(KEY, state);
  return state;
}

export function useTimeline(): TimelineState {
  return getContext<TimelineState>(KEY);
}
