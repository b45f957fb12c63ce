import type { Tier } from '../../../src-shared/model/draft.ts';
import type { FrameSpec } from '../../../src-shared/model/frame-spec.ts';

/** A picture to compute, and the frames that want it. */
export interface WorkItem {
  readonly key: string;
  readonly spec: FrameSpec;
  readonly tier: Tier;
  readonly indices: readonly number[];
}

/** What is left to compute, in order; each picture once. */
export interface WorkQueue {
  readonly isEmpty: boolean;
  /** Model evaluations of everything in the queue. */
  readonly work: number;
  readonly hasDrafts: boolean;
  add(item: WorkItem): void;
  /** The next picture (one of the playhead's before all others) and, for a batch, later ones with the same batch key. */
  take(most: number, batchKey: (spec: FrameSpec) => string): WorkItem[];
  /** Back to where they were. */
  putBack(items: readonly WorkItem[]): void;
  /** These frames have their final pictures: nobody needs a draft of them any more. */
  dropDrafts(indices: readonly number[]): void;
  setPlayhead(index: number | undefined): void;
}

/** Model evaluations of a frame, both halves of guidance counted. */
export function workOf({ sampler, init }: FrameSpec): number {
  const share = init === null ? 1 : init.strength;
  return Math.max(1, sampler.steps * share) * (sampler.guidanceScale > 1 ? 2 : 1);
}

export function createWorkQueue(): WorkQueue {
  let items = new Map<string, WorkItem>();
  /** Keys of each frame, draft before final. */
  const keysOf = new Map<number, string[]>();
  const places = new Map<string, number>();
  let playhead: number | undefined;
  let work = 0;
  let drafts = 0;

  const count = ({ spec, tier }: WorkItem, by: 1 | -1): void => {
    work += by * workOf(spec);
    if (tier === 'draft') drafts += by;
  };

  const remove = (key: string): WorkItem | undefined => {
    const item = items.get(key);
    if (item === undefined) return undefined;
    items.delete(key);
    count(item, -1);
    return item;
  };

  const firstKey = (): string | undefined => {
    const own = playhead === undefined ? undefined : keysOf.get(playhead)?.find((key) => items.has(key));
    return own ?? items.keys().next().value;
  };

  return {
    get isEmpty() {
      return items.size === 0;
    },
    get work() {
      return work;
    },
    get hasDrafts() {
      return drafts > 0;
    },
    add(item) {
      items.set(item.key, item);
      places.set(item.key, places.size);
      count(item, 1);
      for (const index of item.indices) {
        const keys = keysOf.get(index) ?? [];
        keysOf.set(index, item.tier === 'draft' ? [item.key, ...keys] : [...keys, item.key]);
      }
    },
    take(most, batchKey) {
      const key = firstKey();
      const first = key === undefined ? undefined : remove(key);
      if (first === undefined) return [];
      const batch = [first];
      if (most === 1) return batch;
      const wanted = batchKey(first.spec);
      for (const item of [...items.values()]) {
        if (batch.length === most) break;
        if (item.tier === first.tier && batchKey(item.spec) === wanted) {
          remove(item.key);
          batch.push(item);
        }
      }
      return batch;
    },
    putBack(returned) {
      const all = [...returned, ...items.values()];
      all.sort((one, other) => (places.get(one.key) ?? 0) - (places.get(other.key) ?? 0));
      items = new Map(all.map((item) => [item.key, item]));
      for (const item of returned) count(item, 1);
    },
    dropDrafts(indices) {
      for (const index of indices) {
        for (const key of keysOf.get(index) ?? []) {
          const item = items.get(key);
          if (item?.tier !== 'draft') continue;
          const others = item.indices.filter((other) => other !== index);
          if (others.length === 0) remove(key);
          else items.set(key, { ...item, indices: others });
        }
      }
    },
    setPlayhead(index) {
      playhead = index;
    },
  };
}
