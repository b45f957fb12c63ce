import type { ChannelName } from '../../src-shared/model/channels.ts';
import { CHANNEL_NAMES } from '../../src-shared/model/channels.ts';
import type { ProjectDocument } from '../../src-shared/model/document-types.ts';

/** One key of one channel. */
export interface KeyRef {
  readonly frame: number;
  readonly channel: ChannelName;
}

/** A key, or with `*` the whole keyframe, whatever it sets. */
export interface SelectedKey {
  readonly frame: number;
  readonly channel: ChannelName | '*';
}

/** What is selected on the timeline: whole keyframes and single keys of channels. */
export class KeySelection {
  #keys = $state.raw<readonly SelectedKey[]>([]);
  readonly #byFrame = $derived.by(() => {
    const map = new Map<number, Set<string>>();
    for (const { frame, channel } of this.#keys) {
      const known = map.get(frame);
      if (known === undefined) map.set(frame, new Set([channel]));
      else known.add(channel);
    }
    return map;
  });
  /** Ascending, each once. */
  readonly frames: readonly number[] = $derived([...this.#byFrame.keys()].sort((a, b) => a - b));

  get keys(): readonly SelectedKey[] {
    return this.#keys;
  }

  set(keys: readonly SelectedKey[]): void {
    this.#keys = keys;
  }

  setFrames(frames: readonly number[]): void {
    this.#keys = frames.map((frame) => ({ frame, channel: '*' }));
  }

  clear(): void {
    if (this.#keys.length > 0) this.#keys = [];
  }

  has(frame: number, channel: ChannelName): boolean {
    const selected = this.#byFrame.get(frame);
    return selected !== undefined && (selected.has('*') || selected.has(channel));
  }

  /** Adds a key, or takes it out again. */
  toggle(key: SelectedKey, document: ProjectDocument): void {
    const isIn =
      key.channel === '*' ? this.#byFrame.get(key.frame)?.has('*') : this.has(key.frame, key.channel);
    if (isIn !== true) {
      this.add([key]);
      return;
    }
    const rest = this.#keys.filter(
      ({ frame, channel }) =>
        frame !== key.frame || (key.channel !== '*' && channel !== key.channel && channel !== '*'),
    );
    const wasWhole = key.channel !== '*' && this.#byFrame.get(key.frame)?.has('*') === true;
    const others = wasWhole
      ? channelsAt(document, key.frame).filter((channel) => channel !== key.channel)
      : [];
    this.#keys = [...rest, ...others.map((channel) => ({ frame: key.frame, channel }))];
  }

  add(keys: readonly SelectedKey[]): void {
    const fresh = keys.filter(({ frame, channel }) => !this.#byFrame.get(frame)?.has(channel));
    if (fresh.length > 0) this.#keys = [...this.#keys, ...fresh];
  }

  /** The selected keys that the document has, by frame. */
  resolve(document: ProjectDocument): KeyRef[] {
    return document.keyframes.flatMap((keyframe) => {
      if (!this.#byFrame.has(keyframe.frame)) return [];
      return CHANNEL_NAMES.filter(
        (channel) => keyframe[channel] !== undefined && this.has(keyframe.frame, channel),
      ).map((channel) => ({ frame: keyframe.frame, channel }));
    });
  }
}

function channelsAt(document: ProjectDocument, at: number): ChannelName[] {
  const keyframe = document.keyframes.find(({ frame }) => frame === at);
  return keyframe === undefined ? [] : CHANNEL_NAMES.filter((channel) => keyframe[channel] !== undefined);
}
