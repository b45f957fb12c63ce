import { AppError, throwIfCancelled } from '../../../src-shared/kernel/errors.ts';
import { type FrameSpec, frameKey, latentsKey } from '../../../src-shared/model/frame-spec.ts';
import type { FrameNote, FrameRequest, FrameResult, RgbImage, StepProgress } from '../../engine/ports.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';
import { createEstimator } from './estimator.ts';
import { encodePng } from './frame-codec.ts';

/** What one finished frame leaves in the cache; stored in one transaction, so it is there whole or not at all. */
export interface FinishedFrame {
  readonly frameKey: string;
  readonly latentsKey: string;
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly latents: Tensor;
  readonly embeddings: Readonly<Record<string, Tensor>>;
  readonly costMs: number;
}

/** Where artifacts are kept. */
export interface FrameCache {
  hasFrames(keys: readonly string[]): ReadonlySet<string>;
  embedding(key: string): Tensor | undefined;
  put(frame: FinishedFrame): void;
}

/** Who computes frames. Requests may overlap; they are answered in the order they were made. */
export interface FrameEngine {
  /** Frames that are worth computing together: 1 on a CPU, which gains nothing from batches, more on a GPU. */
  batchSize(): Promise<number>;
  /** Frames with equal keys can share a batch. */
  batchKey(spec: FrameSpec): string;
  /** Keys of the encodings that a frame is made from; stored ones go with the request. */
  encodingKeys(spec: FrameSpec): readonly string[];
  /** One result a request, in order. */
  render(
    requests: readonly FrameRequest[],
    hooks: { signal?: AbortSignal; onStep?(progress: StepProgress): void },
  ): Promise<readonly FrameResult[]>;
}

export interface RenderPorts {
  readonly cache: FrameCache;
  readonly engine: FrameEngine;
  /** Pixels of an asset at the frame's size, by content hash. */
  asset(hash: string, width: number, height: number): Promise<RgbImage>;
  /** Milliseconds. */
  clock(): number;
}

export interface RenderUnit {
  /** Frame number (or grid cell) that wants this picture. */
  readonly index: number;
  readonly spec: FrameSpec;
  /** Its frameKey, where the caller has it already. */
  readonly key?: string;
}

export interface RenderProgress {
  /** Units whose pictures are in the cache now, and all units. */
  readonly done: number;
  readonly total: number;
  readonly rendered: number;
  /** Share of all work, 0..1, counting the steps of the frame under way; never falls. */
  readonly fraction: number;
  readonly remainingMs: number | undefined;
  readonly frameMs: number | undefined;
}

export interface RenderJobHooks {
  readonly signal?: AbortSignal;
  onProgress?(progress: RenderProgress): void;
  /** A unit's picture has just been stored. */
  onFrame?(event: { index: number; key: string; costMs: number }): void;
  onNote?(note: FrameNote & { index: number }): void;
}

export interface RenderSummary {
  readonly total: number;
  /** Distinct pictures that were computed. */
  readonly rendered: number;
  /** Units that were there, or that share a picture with another unit. */
  readonly cached: number;
}

export interface RenderJob {
  /** Runs to the end, a failure or the signal; everything stored until then stays. */
  run(): Promise<RenderSummary>;
  /** The unit of this index is computed next when it is missing. */
  setPlayhead(index: number): void;
}

/** A picture that the cache lacks, and the units that want it. */
interface Missing {
  readonly key: string;
  readonly spec: FrameSpec;
  readonly indices: number[];
}

/** Neighbouring frames share their prompts; a project of hundreds of prompts must not hold them all at once. */
const REMEMBERED_EMBEDDINGS = 32;

/** One frame ahead keeps the engine busy while the host encodes and stores the frame before. */
const FRAMES_IN_FLIGHT = 2;

/**
 * Computes the pictures that the cache lacks, in the order of `units` except that the playhead's comes first.
 * @throws {AppError} cancelled when the signal fires; the engine's or the cache's error otherwise
 */
export function createRenderJob(
  ports: RenderPorts,
  units: readonly RenderUnit[],
  hooks: RenderJobHooks = {},
): RenderJob {
  const keyed = units.map((unit) => ({ ...unit, key: unit.key ?? frameKey(unit.spec) }));
  const missing = new Map<string, Omit<Missing, 'key'>>();
  const embeddings = new Map<string, Tensor>();
  let playhead: string | undefined;

  /** The next picture and, for a batch, those after it that can be computed with it. */
  const takeNext = (batchSize: number): Missing[] => {
    const first = playhead !== undefined && missing.has(playhead) ? playhead : missing.keys().next().value;
    if (first === undefined) return [];
    const batch: Missing[] = [];
    const take = (key: string): void => {
      const entry = missing.get(key);
      if (entry !== undefined) batch.push({ key, ...entry });
      missing.delete(key);
    };
    take(first);
    if (batchSize === 1) return batch;
    const wanted = ports.engine.batchKey((batch[0] as Missing).spec);
    for (const [key, { spec }] of [...missing]) {
      if (batch.length === batchSize) break;
      if (ports.engine.batchKey(spec) === wanted) take(key);
    }
    return batch;
  };

  const remember = (key: string, embedding: Tensor): void => {
    embeddings.delete(key);
    embeddings.set(key, embedding);
    const oldest = embeddings.keys().next().value;
    if (embeddings.size > REMEMBERED_EMBEDDINGS && oldest !== undefined) embeddings.delete(oldest);
  };

  const requestFor = async (spec: FrameSpec): Promise<FrameRequest> => {
    const known: Record<string, Tensor> = {};
    for (const key of ports.engine.encodingKeys(spec)) {
      const found = embeddings.get(key) ?? ports.cache.embedding(key);
      if (found === undefined) continue;
      remember(key, found);
      known[key] = found;
    }
    const assets: Record<string, RgbImage> = {};
    for (const hash of [spec.init?.asset, spec.mask]) {
      if (typeof hash === 'string') assets[hash] = await ports.asset(hash, spec.width, spec.height);
    }
    return { spec, embeddings: known, assets };
  };

  const renderBatch = async (
    batch: readonly Missing[],
    onStep: (done: number) => void,
  ): Promise<readonly FrameResult[]> => {
    const requests = await Promise.all(batch.map(({ spec }) => requestFor(spec)));
    const options = {
      ...(hooks.signal === undefined ? {} : { signal: hooks.signal }),
      onStep: ({ step, steps }: StepProgress) => onStep(Math.min(step / Math.max(1, steps), 0.999)),
    };
    try {
      return await ports.engine.render(requests, options);
    } catch (error) {
      const tooMuch = requests.length > 1 && error instanceof AppError && error.code === 'engine-failed';
      if (!tooMuch) throw error;
      // Mostly too little memory on the card: one by one they may fit.
      const results: FrameResult[] = [];
      for (const request of requests) results.push(...(await ports.engine.render([request], options)));
      return results;
    }
  };

  const run = async (): Promise<RenderSummary> => {
    throwIfCancelled(hooks.signal, 'The render');
    const present = ports.cache.hasFrames([...new Set(keyed.map((unit) => unit.key))]);
    for (const { key, spec, index } of keyed) {
      if (present.has(key)) continue;
      const entry = missing.get(key);
      if (entry === undefined) missing.set(key, { spec, indices: [index] });
      else entry.indices.push(index);
    }
    const total = units.length;
    const work = missing.size;
    let done = keyed.filter((unit) => present.has(unit.key)).length;
    let rendered = 0;
    let fraction = 0;
    const start = ports.clock();
    const estimator = createEstimator(start);

    const report = (step = 0): void => {
      const worked = work === 0 ? 1 : (rendered + step) / work;
      fraction = Math.max(fraction, work === 0 ? 1 : worked);
      hooks.onProgress?.({
        done,
        total,
        rendered,
        fraction,
        remainingMs: estimator.remainingMs(work - rendered, step, ports.clock()),
        frameMs: estimator.frameMs(),
      });
    };
    report();

    let lastResult = start;
    const finish = async (next: Missing, result: FrameResult, costMs: number): Promise<void> => {
      const png = await encodePng(result.image);
      for (const [key, tensor] of Object.entries(result.embeddings)) remember(key, tensor);
      ports.cache.put({
        frameKey: next.key,
        latentsKey: latentsKey(next.spec),
        png,
        width: result.image.width,
        height: result.image.height,
        latents: result.latents,
        embeddings: result.embeddings,
        costMs,
      });
      rendered += 1;
      done += next.indices.length;
      estimator.frameDone(ports.clock());
      for (const index of next.indices) {
        for (const note of result.notes) hooks.onNote?.({ ...note, index });
        hooks.onFrame?.({ index, key: next.key, costMs });
      }
      report();
    };

    // A failure of one lane must stop the other before it takes a new frame, and still let its frame be stored.
    let failure: unknown;
    const batchSize = work === 0 ? 1 : Math.max(1, await ports.engine.batchSize());
    let storing = Promise.resolve();
    const lane = async (): Promise<void> => {
      while (failure === undefined) {
        throwIfCancelled(hooks.signal, 'The render');
        const batch = takeNext(batchSize);
        if (batch.length === 0) return;
        const results = await renderBatch(batch, (step) => report(step * batch.length));
        const now = ports.clock();
        const costMs = (now - lastResult) / batch.length;
        lastResult = now;
        // One after the other: a large picture must not be overtaken by a small one while it is encoded.
        storing = storing
          .catch(() => {})
          .then(async () => {
            for (const [i, next] of batch.entries()) await finish(next, results[i] as FrameResult, costMs);
          });
        await storing;
      }
    };
    const lanes = Array.from({ length: Math.min(FRAMES_IN_FLIGHT, Math.max(1, work)) }, () =>
      lane().catch((error: unknown) => {
        failure ??= error;
      }),
    );
    await Promise.all(lanes);
    if (failure !== undefined) throw failure;
    if (done !== total)
      throw new AppError('internal', `${total - done} of ${total} frames were not rendered.`);
    return { total, rendered, cached: total - rendered };
  };

  return {
    run,
    setPlayhead(index) {
      playhead = keyed.find((unit) => unit.index === index)?.key;
    },
  };
}
