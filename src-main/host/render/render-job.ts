import { setImmediate } from 'node:timers/promises';
import { AppError, throwIfCancelled } from '../../../src-shared/kernel/errors.ts';
import type { Tier } from '../../../src-shared/model/draft.ts';
import { type FrameSpec, frameKey, latentsKey } from '../../../src-shared/model/frame-spec.ts';
import type { FrameNote, FrameResult, StepPreview } from '../../engine/ports.ts';
import { createEstimator } from './estimator.ts';
import { encodePng } from './frame-codec.ts';
import { createFrameRequests } from './frame-requests.ts';
import { createPauseGate } from './pause-gate.ts';
import type { FrameCache, RenderPorts } from './ports.ts';
import { createWorkQueue, type WorkItem, workOf, type WorkQueue } from './work-queue.ts';

export interface RenderUnit {
  /** Frame number (or grid cell) that wants this picture. */
  readonly index: number;
  /** Default `final`. Drafts of frames whose final picture is there, or is finished before them, are not made. */
  readonly tier?: Tier;
  readonly spec: FrameSpec;
  /** Its frameKey, where the caller has it already. */
  readonly key?: string;
}

export interface RenderProgress {
  readonly phase: 'draft' | 'render';
  /** Frames that have a picture now (in the draft phase: of either tier), and all frames. */
  readonly done: number;
  readonly total: number;
  readonly rendered: number;
  /** Share of all work, 0..1, counting the steps of the frame under way; never falls. */
  readonly fraction: number;
  readonly remainingMs: number | undefined;
  readonly frameMs: number | undefined;
}

/** A frame, or a cell, of one tier. */
export interface UnitName {
  readonly index: number;
  readonly tier: Tier;
}

export interface RenderJobHooks {
  readonly signal?: AbortSignal;
  onProgress?(progress: RenderProgress): void;
  /** A unit's picture has just been stored. */
  onFrame?(event: UnitName & { key: string; spec: FrameSpec; costMs: number }): void;
  /** How the frame that is computed looks at a step. */
  onPreview?(event: UnitName & StepPreview): void;
  /** With this hook, a frame that cannot be rendered does not end the job. Too many in a row still do. */
  onFailed?(event: UnitName & { key: string; message: string }): void;
  onNote?(note: FrameNote & { index: number }): void;
}

export interface RenderSummary {
  /** Frames, whatever their tiers. */
  readonly total: number;
  /** Distinct final pictures that were computed. */
  readonly rendered: number;
  /** Frames that were there, or that share a picture with another one. */
  readonly cached: number;
  readonly failed: number;
}

export interface RenderJob {
  /** Runs to the end, a failure or the signal; everything stored until then stays. */
  run(): Promise<RenderSummary>;
  /** The unit of this index is computed next when it is missing. */
  setPlayhead(index: number): void;
  /** At rest nothing is computed; the frame under way is given up and begun anew afterwards. */
  setPaused(paused: boolean): void;
}

/** One frame ahead keeps the engine busy while the host encodes and stores the frame before. */
const FRAMES_IN_FLIGHT = 2;

/** Keys that one look into the cache takes. */
const AT_ONCE = 500;

/** Frames that fail one after the other without a success between them: something is wrong with more than a frame. */
const FAILURES_IN_A_ROW = 3;

/**
 * Computes the pictures that the cache lacks, in the order of `units` except that the playhead's comes first.
 * @throws {AppError} cancelled when the signal fires; the engine's or the cache's error otherwise
 */
export function createRenderJob(
  ports: RenderPorts,
  units: readonly RenderUnit[],
  hooks: RenderJobHooks = {},
): RenderJob {
  const queue = createWorkQueue();
  const gate = createPauseGate();
  const requests = createFrameRequests(ports);
  let onResume = (): void => {};

  const run = async (): Promise<RenderSummary> => {
    throwIfCancelled(hooks.signal, 'The render');
    const { total, finals, drafted } = await fillQueue(queue, units, ports.cache);
    const start = ports.clock();
    const estimator = createEstimator(start);
    const failed = new Set<number>();
    let lastResult = start;
    let rendered = 0;
    let failures = 0;
    /** Work of finished pictures, and of those in flight. */
    let finished = 0;
    let flying = 0;
    let fraction = 0;
    onResume = () => {
      lastResult = ports.clock();
      estimator.rested(lastResult);
    };

    const report = (part = 0): void => {
      const left = queue.work + flying;
      fraction = Math.max(fraction, left === 0 ? 1 : (finished + part) / (finished + left));
      const phase = queue.hasDrafts || draftsFlying > 0 ? 'draft' : 'render';
      hooks.onProgress?.({
        phase,
        done: phase === 'draft' ? drafted.size : finals.size,
        total,
        rendered,
        fraction,
        remainingMs: estimator.remainingMs(left, part, ports.clock()),
        frameMs: estimator.frameMs(),
      });
    };

    const finish = async (item: WorkItem, result: FrameResult, costMs: number): Promise<void> => {
      const { key, spec, tier, indices } = item;
      const png = await encodePng(result.image);
      requests.remember(result.embeddings);
      ports.cache.put({
        frameKey: key,
        latentsKey: latentsKey(spec),
        png,
        width: result.image.width,
        height: result.image.height,
        latents: result.latents,
        embeddings: result.embeddings,
        costMs,
      });
      for (const index of indices) drafted.add(index);
      if (tier === 'final') {
        rendered += 1;
        for (const index of indices) finals.add(index);
        queue.dropDrafts(indices);
      }
      estimator.frameDone(ports.clock(), workOf(spec));
      for (const index of indices) {
        for (const note of result.notes) hooks.onNote?.({ ...note, index });
        hooks.onFrame?.({ index, tier, key, spec, costMs });
      }
    };

    const fail = ({ key, tier, indices }: WorkItem, error: AppError): void => {
      failures += 1;
      if (hooks.onFailed === undefined) throw error;
      for (const index of indices) {
        if (tier === 'final') failed.add(index);
        hooks.onFailed({ index, tier, key, message: error.message });
      }
      if (failures >= FAILURES_IN_A_ROW) throw error;
    };

    let draftsFlying = 0;
    const fly = (items: readonly WorkItem[], by: 1 | -1): void => {
      for (const { spec, tier } of items) {
        flying += by * workOf(spec);
        if (tier === 'draft') draftsFlying += by;
      }
    };
    report();

    const renderBatch = (
      batch: readonly WorkItem[],
      pause: AbortSignal,
    ): Promise<readonly (FrameResult | AppError)[]> => {
      const first = batch[0] as WorkItem;
      const work = batch.reduce((sum, { spec }) => sum + workOf(spec), 0);
      return requests.render(batch, {
        signal: hooks.signal === undefined ? pause : AbortSignal.any([hooks.signal, pause]),
        onStep: ({ step, steps }) => report(work * Math.min(step / Math.max(1, steps), 0.999)),
        ...(hooks.onPreview === undefined
          ? {}
          : {
              onPreview: (preview) =>
                hooks.onPreview?.({ index: first.indices[0] as number, tier: first.tier, ...preview }),
            }),
      });
    };

    // A failure of one lane must stop the other before it takes a new frame, and still let its frame be stored.
    let failure: unknown;
    const batchSize = queue.isEmpty ? 1 : Math.max(1, await ports.engine.batchSize());
    let storing = Promise.resolve();
    const lane = async (): Promise<void> => {
      while (failure === undefined) {
        await gate.passed(hooks.signal);
        throwIfCancelled(hooks.signal, 'The render');
        const batch = queue.take(batchSize, ports.engine.batchKey);
        if (batch.length === 0) return;
        fly(batch, 1);
        const pause = gate.signal;
        let results: readonly (FrameResult | AppError)[];
        try {
          results = await renderBatch(batch, pause);
        } catch (error) {
          fly(batch, -1);
          // It may have been resumed before the engine let go.
          if (!pause.aborted || !isCancelled(error) || hooks.signal?.aborted === true) throw error;
          queue.putBack(batch);
          continue;
        }
        const now = ports.clock();
        const costMs = (now - lastResult) / batch.length;
        lastResult = now;
        // One after the other: a large picture must not be overtaken by a small one while it is encoded.
        storing = storing
          .catch(() => {})
          .then(async () => {
            for (const [i, item] of batch.entries()) {
              const result = results[i] as FrameResult | AppError;
              fly([item], -1);
              finished += workOf(item.spec);
              if (result instanceof AppError) fail(item, result);
              else {
                await finish(item, result, costMs);
                failures = 0;
              }
              report();
            }
          });
        await storing;
      }
    };
    const lanes = Array.from({ length: queue.isEmpty ? 1 : FRAMES_IN_FLIGHT }, () =>
      lane().catch((error: unknown) => {
        failure ??= error;
      }),
    );
    await Promise.all(lanes);
    if (failure !== undefined) throw failure;
    if (finals.size + failed.size !== total)
      throw new AppError('internal', `${total - finals.size} of ${total} frames were not rendered.`);
    return { total, rendered, cached: total - rendered - failed.size, failed: failed.size };
  };

  return {
    run,
    setPlayhead: (index) => queue.setPlayhead(index),
    setPaused(paused) {
      if (paused === gate.isClosed) return;
      if (paused) gate.close();
      else {
        onResume();
        gate.open();
      }
    },
  };
}

/** Puts what the cache lacks into the queue. `finals` and `drafted`: frames that have a final picture, or any. */
async function fillQueue(
  queue: WorkQueue,
  units: readonly RenderUnit[],
  cache: Pick<FrameCache, 'hasFrames'>,
): Promise<{ total: number; finals: Set<number>; drafted: Set<number> }> {
  const wanted = new Set<number>();
  const finals = new Set<number>();
  const drafted = new Set<number>();
  const lacking: { index: number; tier: Tier; key: string; spec: FrameSpec }[] = [];
  for await (const slice of slicesOf(units)) {
    const keyed = slice.map(({ index, spec, tier = 'final', key = frameKey(spec) }) => ({
      index,
      tier,
      key,
      spec,
    }));
    const present = cache.hasFrames([...new Set(keyed.map(({ key }) => key))]);
    for (const unit of keyed) {
      wanted.add(unit.index);
      if (!present.has(unit.key)) lacking.push(unit);
      else {
        drafted.add(unit.index);
        if (unit.tier === 'final') finals.add(unit.index);
      }
    }
  }
  const missing = new Map<string, { key: string; spec: FrameSpec; tier: Tier; indices: number[] }>();
  for await (const slice of slicesOf(lacking)) {
    for (const { index, tier, key, spec } of slice) {
      if (tier === 'draft' && finals.has(index)) continue;
      const item = missing.get(key);
      if (item === undefined) missing.set(key, { key, spec, tier, indices: [index] });
      else item.indices.push(index);
    }
  }
  for await (const slice of slicesOf([...missing.values()])) for (const item of slice) queue.add(item);
  return { total: wanted.size, finals, drafted };
}

/** Some at a time: the host's messages come between, however long the film is. */
async function* slicesOf<Item>(items: readonly Item[]): AsyncGenerator<readonly Item[]> {
  for (let at = 0; at < items.length; at += AT_ONCE) {
    if (at > 0) await setImmediate();
    yield items.slice(at, at + AT_ONCE);
  }
}

function isCancelled(error: unknown): boolean {
  return error instanceof AppError && error.code === 'cancelled';
}
