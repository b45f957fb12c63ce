import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FrameSpec } from '../../../src-shared/model/frame-spec.ts';
import { loadModel, startEngine } from '../../../test/support/model-engine.ts';
import { TINY_SD } from '../../../test/support/model-folder.ts';
import type { FrameRequest } from '../../engine/ports.ts';

const { fingerprint } = await loadModel(TINY_SD);

function requestFor(seed: number, prompt = 'red cat'): FrameRequest {
  const spec: FrameSpec = {
    version: 1,
    model: fingerprint,
    width: 64,
    height: 64,
    prompt: { kind: 'text', text: prompt },
    negative: { kind: 'text', text: '' },
    text: { clipSkip: 0, longPrompts: 'truncate' },
    noise: { kind: 'seed', seed },
    sampler: { scheduler: 'lms', overrides: {}, steps: 3, guidanceScale: 5, guidanceRescale: 0, eta: 0 },
    init: null,
    mask: null,
  };
  return { spec, embeddings: {}, assets: {} };
}

test('an inspected frame tells its loop in order and is the frame that is rendered', async (context) => {
  const engine = startEngine();
  context.after(() => engine.dispose());
  const kinds: string[] = [];
  for await (const told of engine.observe(TINY_SD, requestFor(1632))) {
    kinds.push(told.kind);
    if (told.kind !== 'finished') continue;
    const rendered = await engine.render(TINY_SD, requestFor(1632));
    assert.deepEqual(told.result.latents, rendered.latents);
    assert.deepEqual(told.result.image, rendered.image);
    assert.deepEqual(await engine.decode(TINY_SD, rendered.latents), rendered.image);
  }
  assert.deepEqual(kinds, ['conditioned', 'started', 'stepped', 'stepped', 'stepped', 'finished']);
});

test('frames are rendered while an inspection stands still, and it goes on afterwards', async (context) => {
  const engine = startEngine();
  context.after(() => engine.dispose());
  const inspection = engine.observe(TINY_SD, requestFor(7));
  await inspection.next();
  await inspection.next();
  await engine.render(TINY_SD, requestFor(8));
  const { value } = await inspection.next();
  assert.equal(value?.kind, 'stepped');
  await inspection.return(undefined);
  await engine.render(TINY_SD, requestFor(9));
});

test('a second inspection ends the first one, which says so', async (context) => {
  const engine = startEngine();
  context.after(() => engine.dispose());
  const first = engine.observe(TINY_SD, requestFor(1));
  await first.next();
  const second = engine.observe(TINY_SD, requestFor(2));
  await second.next();
  await assert.rejects(first.next(), /The inspection is over/);
  assert.equal((await second.next()).value?.kind, 'started');
});

test('an engine process that dies takes the inspection with it, and nothing else', async (context) => {
  const engine = startEngine({ backOff: { firstMs: 1, lastMs: 1, attempts: 5 } });
  context.after(() => engine.dispose());
  const inspection = engine.observe(TINY_SD, requestFor(1));
  await inspection.next();
  process.kill(engine.pid as number, 'SIGKILL');
  await assert.rejects(inspection.next(), { code: 'engine-failed' });
  await engine.render(TINY_SD, requestFor(1));
});

test('a cancelled inspection ends as cancelled', async (context) => {
  const engine = startEngine();
  context.after(() => engine.dispose());
  const abort = new AbortController();
  const inspection = engine.observe(TINY_SD, requestFor(1), abort.signal);
  await inspection.next();
  abort.abort();
  await assert.rejects(inspection.next(), { code: 'cancelled' });
});
