import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { embeddingKey, type FrameSpec, frameKey, textsOf } from '../../../src-shared/model/frame-spec.ts';
import type { FrameRequest, FrameResult } from '../../engine/ports.ts';
import { frameCacheOf } from '../artifact-frames.ts';
import { openStore, type Store } from '../store/project-store.ts';
import { createEstimator } from './estimator.ts';
import { decodeImage, encodePng, fitImage } from './frame-codec.ts';
import type { FrameEngine } from './ports.ts';
import { createRenderJob, type RenderProgress, type RenderUnit } from './render-job.ts';

let folder = '';
let files = 0;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'inbetween-render-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const freshStore = (): Store =>
  openStore(join(folder, `${files++}.inbetween`), { create: true, clock: () => 1_700_000_000_000 });

function spec(text: string, seed = 0): FrameSpec {
  return {
    version: 1,
    model: 'f'.repeat(64),
    width: 8,
    height: 8,
    prompt: { kind: 'text', text },
    negative: { kind: 'text', text: '' },
    text: { clipSkip: 0, longPrompts: 'truncate' },
    noise: { kind: 'seed', seed },
    sampler: { scheduler: 'ddim', overrides: {}, steps: 2, guidanceScale: 5, guidanceRescale: 0, eta: 0 },
    init: null,
    mask: null,
  };
}

const unitsOf = (...texts: string[]): RenderUnit[] =>
  texts.map((text, index) => ({ index, spec: spec(text) }));

/** An engine whose pictures and embeddings follow from the spec alone, as a real one's do. */
function arithmeticEngine(
  seen: FrameRequest[],
  before: (text: string) => void = () => {},
  batchSize = 1,
): FrameEngine {
  const engine: FrameEngine = {
    batchSize: async () => batchSize,
    batchKey: ({ sampler }) => String(sampler.steps),
    encodingKeys: (spec) => textsOf(spec.prompt).map((text) => embeddingKey(spec.model, text, spec.text)),
    async render(requests, hooks) {
      if (requests.length > 1 && requests.some((each) => textOf(each) === 'heavy')) {
        throw new AppError('engine-failed', 'out of memory');
      }
      return Promise.all(requests.map((request) => one(request, hooks)));
    },
  };
  const one = async (
    request: FrameRequest,
    { signal, onStep }: Parameters<FrameEngine['render']>[1],
  ): Promise<FrameResult> => {
    seen.push(request);
    const text = textOf(request);
    before(text);
    onStep?.({ step: 1, steps: 2 });
    await Promise.resolve();
    if (signal?.aborted) throw new AppError('cancelled', 'The frame was cancelled.');
    const value = text.charCodeAt(0);
    const key = embeddingKey(request.spec.model, text, request.spec.text);
    const known = key in request.embeddings;
    return {
      image: { width: 8, height: 8, data: new Uint8Array(192).fill(value) },
      latents: { dims: [1, 1, 1, 1], data: Float32Array.of(value) },
      embeddings: known ? {} : { [key]: { dims: [1], data: Float32Array.of(value) } },
      notes: [],
    };
  };
  return engine;
}

function textOf(request: FrameRequest): string {
  return request.spec.prompt.kind === 'text' ? request.spec.prompt.text : '';
}

function portsOf(store: Store, engine: FrameEngine, clock: () => number = () => 0) {
  const asset = () => Promise.reject(new Error('no pictures here'));
  return { cache: frameCacheOf(store), engine, asset, clock };
}

describe('a render job', () => {
  it('computes each distinct picture once, in the order asked, and stores picture, latents and embeddings', async () => {
    const store = freshStore();
    const seen: FrameRequest[] = [];
    const units = unitsOf('b', 'a', 'b', 'c');
    const summary = await createRenderJob(portsOf(store, arithmeticEngine(seen)), units).run();
    assert.deepEqual(summary, { total: 4, rendered: 3, cached: 1, failed: 0 });
    assert.deepEqual(seen.map(textOf), ['b', 'a', 'c']);
    const { frames, latents, embeddings } = store.usage();
    assert.deepEqual([frames.count, latents.count, embeddings.count], [3, 3, 3]);
    const png = store.getArtifact('frame', frameKey(spec('a')))?.bytes;
    assert.ok(png);
    assert.equal((await decodeImage(png, 'a')).data[0], 'a'.charCodeAt(0));
    store.close();
  });
  it('renders nothing the second time, and only what is new after an edit', async () => {
    const store = freshStore();
    const seen: FrameRequest[] = [];
    const ports = portsOf(store, arithmeticEngine(seen));
    await createRenderJob(ports, unitsOf('a', 'b', 'c')).run();
    assert.deepEqual(await createRenderJob(ports, unitsOf('a', 'b', 'c')).run(), {
      total: 3,
      rendered: 0,
      cached: 3,
      failed: 0,
    });
    assert.deepEqual(await createRenderJob(ports, unitsOf('a', 'x', 'c')).run(), {
      total: 3,
      rendered: 1,
      cached: 2,
      failed: 0,
    });
    assert.equal(seen.length, 4);
    store.close();
  });
  it('hands stored embeddings back to the engine', async () => {
    const store = freshStore();
    const seen: FrameRequest[] = [];
    const ports = portsOf(store, arithmeticEngine(seen));
    await createRenderJob(ports, [{ index: 0, spec: spec('a', 1) }]).run();
    await createRenderJob(ports, [{ index: 0, spec: spec('a', 2) }]).run();
    const key = embeddingKey(spec('a').model, 'a', spec('a').text);
    assert.deepEqual(
      seen.map(({ embeddings }) => key in embeddings),
      [false, true],
    );
    store.close();
  });
  it('takes the playhead’s frame next when it moves', async () => {
    const store = freshStore();
    const seen: FrameRequest[] = [];
    const units = unitsOf('a', 'b', 'c', 'd', 'e', 'f');
    const job = createRenderJob(
      portsOf(
        store,
        arithmeticEngine(seen, (text) => {
          if (text === 'a') job.setPlayhead(4);
        }),
      ),
      units,
    );
    await job.run();
    // One frame may have been asked for already when the playhead moved.
    assert.ok(seen.map(textOf).indexOf('e') <= 2, seen.map(textOf).join(' '));
    store.close();
  });
  it('keeps what is finished when it is cancelled, and goes on from there', async () => {
    const store = freshStore();
    const stop = new AbortController();
    const engine = arithmeticEngine([], (text) => {
      if (text === 'd') stop.abort();
    });
    const units = unitsOf('a', 'b', 'c', 'd', 'e', 'f');
    await assert.rejects(
      createRenderJob(portsOf(store, engine), units, { signal: stop.signal }).run(),
      (error: AppError) => error.code === 'cancelled',
    );
    const kept = store.usage().frames.count;
    assert.ok(kept >= 2 && kept < 6, String(kept));
    const rest = await createRenderJob(portsOf(store, arithmeticEngine([])), units).run();
    assert.deepEqual(rest, { total: 6, rendered: 6 - kept, cached: kept, failed: 0 });
    store.close();
  });
  it('stores the frame beside the one that fails, and reports the failure', async () => {
    const store = freshStore();
    const engine = arithmeticEngine([], (text) => {
      if (text === 'b') throw new AppError('engine-failed', 'the graphics card fell out');
    });
    await assert.rejects(
      createRenderJob(portsOf(store, engine), unitsOf('a', 'b', 'c', 'd')).run(),
      /the graphics card fell out/,
    );
    assert.ok(store.hasArtifacts('frame', [frameKey(spec('a'))]).size === 1);
    assert.ok(store.hasArtifacts('frame', [frameKey(spec('d'))]).size === 0);
    store.close();
  });
  it('goes on without a frame that fails when somebody listens, and ends when too many fail in a row', async () => {
    const store = freshStore();
    const broken = new Set(['b']);
    const engine = arithmeticEngine([], (text) => {
      if (broken.has(text)) throw new AppError('engine-failed', `${text} is broken`);
    });
    const failed: string[] = [];
    const onFailed = ({ index, message }: { index: number; message: string }) =>
      void failed.push(`${index}: ${message}`);
    const job = createRenderJob(portsOf(store, engine), unitsOf('a', 'b', 'c', 'd'), { onFailed });
    assert.deepEqual(await job.run(), { total: 4, rendered: 3, cached: 0, failed: 1 });
    assert.deepEqual(failed, ['1: b is broken']);

    for (const text of 'efghi') broken.add(text);
    const units = unitsOf('e', 'f', 'g', 'h', 'i', 'j');
    await assert.rejects(createRenderJob(portsOf(store, engine), units, { onFailed }).run(), /is broken/);
    // One more may have been in flight.
    assert.ok(failed.length === 4 || failed.length === 5, failed.join(' '));
    store.close();
  });
  it('makes drafts first, and none of frames whose final picture is there', async () => {
    const store = freshStore();
    const seen: FrameRequest[] = [];
    const engine = arithmeticEngine(seen);
    const draft = (text: string): FrameSpec => ({
      ...spec(text),
      sampler: { ...spec(text).sampler, steps: 1 },
    });
    await createRenderJob(portsOf(store, engine), [{ index: 1, spec: spec('b') }]).run();
    const units: RenderUnit[] = ['a', 'b', 'c'].flatMap((text, index) => [
      { index, tier: 'draft', spec: draft(text) },
      { index, spec: spec(text) },
    ]);
    // Drafts before finals, except for the frame that is looked at: it is finished at once.
    units.sort((one, other) => Number(one.tier === undefined) - Number(other.tier === undefined));
    const progress: RenderProgress[] = [];
    const job = createRenderJob(portsOf(store, engine), units, { onProgress: (each) => progress.push(each) });
    job.setPlayhead(2);
    seen.length = 0;
    assert.deepEqual(await job.run(), { total: 3, rendered: 2, cached: 1, failed: 0 });
    assert.deepEqual(
      seen.map((each) => `${textOf(each)}${each.spec.sampler.steps}`),
      ['c1', 'c2', 'a1', 'a2'],
    );
    assert.deepEqual([...new Set(progress.map(({ phase }) => phase))], ['draft', 'render']);
    assert.equal(progress.at(-1)?.fraction, 1);
    store.close();
  });
  it('rests while it is paused: the frame under way is given up and begun anew', async () => {
    const store = freshStore();
    const stopped: string[] = [];
    const paused = Promise.withResolvers<void>();
    let job: ReturnType<typeof createRenderJob> | undefined;
    const engine = arithmeticEngine([], (text) => {
      if (text === 'b' && stopped.length === 0) {
        stopped.push(text);
        job?.setPaused(true);
        paused.resolve();
      }
    });
    const frames: number[] = [];
    const units = unitsOf('a', 'b', 'c');
    job = createRenderJob(portsOf(store, engine), units, { onFrame: ({ index }) => frames.push(index) });
    const running = job.run();
    await paused.promise;
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([stopped, frames], [['b'], []]);
    job.setPaused(false);
    assert.deepEqual(await running, { total: 3, rendered: 3, cached: 0, failed: 0 });
    assert.deepEqual(frames, [0, 1, 2]);
    store.close();
  });
  it('stores pictures in the order they were computed, however long their encoding takes', async () => {
    const store = freshStore();
    const engine = arithmeticEngine([]);
    const growing: FrameEngine = {
      ...engine,
      render: async (requests, hooks) => {
        const results = await engine.render(requests, hooks);
        const side = requests.some((request) => textOf(request) === 'a') ? 1200 : 4;
        const data = new Uint8Array(side * side * 3).map((_, i) => (i * 7919) >> 3);
        return results.map((result) => ({ ...result, image: { width: side, height: side, data } }));
      },
    };
    const stored: number[] = [];
    const units = unitsOf('a', 'b', 'c', 'd');
    await createRenderJob(portsOf(store, growing), units, {
      onFrame: ({ index }) => stored.push(index),
    }).run();
    assert.deepEqual(stored, [0, 1, 2, 3]);
    store.close();
  });
  it('reports progress that never falls and ends at one', async () => {
    const store = freshStore();
    const progress: RenderProgress[] = [];
    let now = 0;
    const ports = portsOf(store, arithmeticEngine([]), () => (now += 100));
    await createRenderJob(ports, unitsOf('a', 'b', 'a', 'c', 'd'), {
      onProgress: (each) => progress.push(each),
    }).run();
    const fractions = progress.map(({ fraction }) => fraction);
    assert.deepEqual(
      fractions,
      [...fractions].sort((a, b) => a - b),
    );
    const last = progress.at(-1);
    assert.deepEqual(
      [last?.done, last?.total, last?.rendered, last?.fraction, last?.remainingMs],
      [5, 5, 4, 1, 0],
    );
    store.close();
  });
  it('computes frames of one kind together where batches pay, and one by one where they do not fit', async () => {
    const store = freshStore();
    const seen: FrameRequest[] = [];
    const sizes: number[] = [];
    const engine = arithmeticEngine(seen, () => {}, 3);
    const counting: FrameEngine = {
      ...engine,
      render: (requests, hooks) => {
        sizes.push(requests.length);
        return engine.render(requests, hooks);
      },
    };
    const other = { ...spec('z'), sampler: { ...spec('z').sampler, steps: 9 } };
    const units = [...unitsOf('a', 'b', 'heavy', 'c', 'd'), { index: 5, spec: other }];
    const summary = await createRenderJob(portsOf(store, counting), units).run();
    assert.deepEqual(summary, { total: 6, rendered: 6, cached: 0, failed: 0 });
    assert.deepEqual(sizes.toSorted(), [1, 1, 1, 1, 2, 3]);
    store.close();
  });
  it('has nothing to do for no units', async () => {
    const store = freshStore();
    const summary = await createRenderJob(portsOf(store, arithmeticEngine([])), []).run();
    assert.deepEqual(summary, { total: 0, rendered: 0, cached: 0, failed: 0 });
    store.close();
  });
});

describe('the estimate of the time left', () => {
  it('is unknown at first, then follows the pace of the latest frames', () => {
    const estimator = createEstimator(0);
    assert.equal(estimator.remainingMs(10, 0, 0), undefined);
    assert.equal(estimator.remainingMs(10, 0.5, 1000), 19_000);
    estimator.frameDone(4000);
    assert.equal(estimator.remainingMs(9, 0, 4000), 36_000);
    for (let i = 1; i <= 40; i++) estimator.frameDone(4000 + i * 1000);
    assert.ok(Math.abs((estimator.remainingMs(10, 0, 44_000) ?? 0) - 10_000) < 10);
    assert.equal(estimator.remainingMs(0, 0, 44_000), 0);
  });
});

describe('pictures', () => {
  const image = { width: 2, height: 1, data: Uint8Array.of(255, 0, 0, 0, 0, 255) };
  it('come back out of PNG as they went in', async () => {
    const { width, height, data } = await decodeImage(await encodePng(image), 'test');
    assert.deepEqual({ width, height, data: Uint8Array.from(data) }, image);
  });
  it('are scaled and cropped around their middle', () => {
    const fitted = fitImage({ width: 4, height: 2, data: new Uint8Array(24).fill(9) }, 8, 8);
    assert.deepEqual([fitted.width, fitted.height, fitted.data.length, fitted.data[0]], [8, 8, 192, 9]);
  });
  it('that are cut short or no pictures are refused by name', async () => {
    const noise = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 251);
    const whole = await encodePng({ width: 64, height: 64, data: noise });
    for (const bytes of [whole.subarray(0, whole.length / 2), Buffer.from('hello'), Buffer.alloc(0)]) {
      await assert.rejects(decodeImage(bytes, 'mask.png'), (error: AppError) => {
        assert.equal(error.code, 'invalid-asset');
        assert.match(error.message, /^mask\.png is not a picture/);
        return true;
      });
    }
  });
});
