import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { ONNX_FIXTURES, temporaryFolder, tinyModel } from '../../../test/support/model-fixtures.ts';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { FrameSpec } from '../../../src-shared/model/frame-spec.ts';
import type { FrameRequest, FrameResult } from '../../engine/ports.ts';
import { loadModel, startEngine } from '../../../test/support/model-engine.ts';
import type { Engine, EngineEvent, EngineOptions } from './engine-client.ts';

// Children start several times faster with their code compiled.
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'inbetween-test-compiled');

const BACK_OFF = { firstMs: 1, lastMs: 4, attempts: 5 };

interface Bench {
  readonly engine: Engine;
  readonly folder: string;
  readonly events: EngineEvent[];
  request(change?: Partial<FrameSpec['sampler']>): Promise<FrameRequest>;
}

function bench(t: TestContext, options: Partial<EngineOptions> & { folder?: string } = {}): Bench {
  const { folder = join(ONNX_FIXTURES, 'tiny-sd'), ...rest } = options;
  const engine = startEngine({ backOff: BACK_OFF, ...rest });
  t.after(() => engine.dispose());
  const events: EngineEvent[] = [];
  engine.subscribe((event) => events.push(event));
  return {
    engine,
    folder,
    events,
    request: async (change = {}) => ({
      spec: specOf((await loadModel(folder)).fingerprint, change),
      embeddings: {},
      assets: {},
    }),
  };
}

test('renders below the priority of the studio whose window comes first', async (t) => {
  const { engine, folder, request } = bench(t, { inBackground: true });
  await engine.render(folder, await request());
  assert.ok(engine.pid !== undefined);
  assert.equal(getPriority(engine.pid), getPriority() + 10);
});

function specOf(model: string, sampler: Partial<FrameSpec['sampler']>): FrameSpec {
  return {
    version: 1,
    model,
    width: 64,
    height: 64,
    prompt: { kind: 'text', text: 'red cat' },
    negative: { kind: 'text', text: '' },
    text: { clipSkip: 0, longPrompts: 'truncate' },
    noise: { kind: 'seed', seed: 1 },
    sampler: {
      scheduler: 'ddim',
      overrides: {},
      steps: 2,
      guidanceScale: 5,
      guidanceRescale: 0,
      eta: 0,
      ...sampler,
    },
    init: null,
    mask: null,
  };
}

/** Kills the engine process as the system does when memory runs out. */
function killEngine(engine: Engine): void {
  assert.ok(engine.pid);
  process.kill(engine.pid, 'SIGKILL');
}

function isFrame(frame: FrameResult): void {
  assert.equal(frame.image.data.length, 64 * 64 * 3);
  assert.deepEqual(frame.latents.dims, [1, 4, 8, 8]);
}

test('a frame is rendered in another process, with progress and the embeddings it needed', async (t) => {
  const { engine, folder, request } = bench(t);
  const steps: string[] = [];
  const frame = await engine.render(folder, await request(), {
    onStep: ({ step, steps: all }) => steps.push(`${step}/${all}`),
  });
  isFrame(frame);
  assert.notEqual(engine.pid, process.pid);
  assert.deepEqual(steps, ['1/2', '2/2']);
  assert.equal(Object.keys(frame.embeddings).length, 2);
  const again = await engine.render(folder, { ...(await request()), embeddings: frame.embeddings });
  assert.deepEqual(again.image, frame.image);
  assert.deepEqual(again.embeddings, {});
});

test('frames of one batch are rendered together', async (t) => {
  const { engine, folder, request } = bench(t);
  const first = await request();
  const second = { ...first, spec: { ...first.spec, noise: { kind: 'seed', seed: 2 } as const } };
  const frames = await engine.renderBatch(folder, [first, second]);
  assert.equal(frames.length, 2);
  const alone = await engine.render(folder, second);
  assert.deepEqual(frames[1]?.image, alone.image);
});

test('an optimised graph from the cache changes no pixel', async (t) => {
  const cacheFolder = temporaryFolder(t);
  const frames: FrameResult[] = [];
  const outcomes: string[] = [];
  for (const cache of [null, cacheFolder, cacheFolder]) {
    const { engine, folder, events, request } = bench(t, { cacheFolder: cache });
    frames.push(await engine.render(folder, await request()));
    outcomes.push(
      events
        .map((event) => (event.type === 'opened' ? event.opened.cache : ''))
        .join(' ')
        .trim(),
    );
    await engine.dispose();
  }
  assert.deepEqual(outcomes, ['bypassed bypassed bypassed', 'built built built', 'hit hit hit']);
  assert.deepEqual(frames[1], frames[0]);
  assert.deepEqual(frames[2], frames[0]);
});

test('a killed process costs nothing but time: the frame is tried again', async (t) => {
  const { engine, folder, events, request } = bench(t);
  const expected = await engine.render(folder, await request({ steps: 200 }));
  const killed = engine.pid;
  let kills = 0;
  const frame = await engine.render(folder, await request({ steps: 200 }), {
    onStep: ({ step }) => {
      if (step === 3 && kills === 0) {
        kills += 1;
        killEngine(engine);
      }
    },
  });
  assert.deepEqual(frame.image, expected.image);
  assert.notEqual(engine.pid, killed);
  const failed = events.find((event) => event.type === 'failed');
  assert.match(failed?.message ?? '', /^The engine process was killed by SIGKILL/);
  assert.ok(events.some((event) => event.type === 'restarted'));
});

test('a frame whose process dies twice fails as one to retry, and the next frame is rendered', async (t) => {
  const { engine, folder, request } = bench(t);
  const error = await engine
    .render(folder, await request({ steps: 500 }), {
      onStep: ({ step }) => {
        if (step === 1) killEngine(engine);
      },
    })
    .catch((caught: unknown) => caught);
  assert.ok(error instanceof AppError);
  assert.equal(error.code, 'engine-failed');
  assert.equal(error.data['retryable'], true);
  isFrame(await engine.render(folder, await request()));
});

test('after five failures in a row it gives up, and one later frame is one more attempt', async (t) => {
  const crashing = join(temporaryFolder(t), 'crash.mjs');
  writeFileSync(crashing, "console.error('the library is broken'); process.exit(3);");
  const { engine, folder, events, request } = bench(t, { entries: { engine: crashing, probe: crashing } });
  const waiting = [await request(), await request(), await request()].map((each) =>
    engine.render(folder, each),
  );
  const outcomes = await Promise.allSettled(waiting);
  for (const outcome of outcomes) {
    assert.ok(outcome.status === 'rejected');
    assert.match(
      outcome.reason.message,
      /^The engine process exited with status 3: the library is broken\.$/,
    );
  }
  const waits = (): unknown[] => events.flatMap((event) => (event.type === 'failed' ? [event.waitMs] : []));
  assert.deepEqual(waits(), [1, 2, 4, 4, null]);
  await assert.rejects(engine.render(folder, await request()), {
    code: 'engine-failed',
    data: { retryable: false, failures: 5 },
  });
  assert.deepEqual(waits(), [1, 2, 4, 4, null, null]);
});

test('a cancelled frame stops between steps and leaves the process alive', async (t) => {
  const { engine, folder, request } = bench(t);
  isFrame(await engine.render(folder, await request()));
  const { pid } = engine;
  const abort = new AbortController();
  let last = 0;
  const frame = engine.render(folder, await request({ steps: 900 }), {
    signal: abort.signal,
    onStep: ({ step }) => {
      last = step;
      if (step === 2) abort.abort();
    },
  });
  await assert.rejects(frame, { code: 'cancelled' });
  assert.equal(last, 2, 'no progress is reported after a cancel');
  isFrame(await engine.render(folder, await request()));
  assert.equal(engine.pid, pid);
});

test('a frame that waits is cancelled at once, and the one at work goes on', async (t) => {
  const { engine, folder, request } = bench(t);
  const abort = new AbortController();
  const first = engine.render(folder, await request());
  const second = engine.render(folder, await request(), { signal: abort.signal });
  abort.abort();
  await assert.rejects(second, { code: 'cancelled' });
  isFrame(await first);
  await assert.rejects(engine.render(folder, await request(), { signal: abort.signal }), {
    code: 'cancelled',
  });
});

test('a process that does not answer a cancel is killed, without counting as a failure', async (t) => {
  const stuck = join(temporaryFolder(t), 'stuck.mjs');
  // As deaf as a native call that takes its time.
  writeFileSync(
    stuck,
    `process.on('message', ({ type, id }) => {
       if (type !== 'render') return;
       process.send({ type: 'step', id, step: 1, steps: 2 }, () => {
         Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
       });
     });`,
  );
  const { engine, events, request, folder } = bench(t, {
    cancelGraceMs: 20,
    entries: { engine: stuck, probe: stuck },
  });
  const abort = new AbortController();
  const frame = engine.render(folder, await request(), { signal: abort.signal, onStep: () => abort.abort() });
  await assert.rejects(frame, { code: 'cancelled' });
  assert.equal(engine.pid, undefined);
  assert.ok(!events.some((event) => event.type === 'failed'));
});

test('errors of the engine keep their code and message', async (t) => {
  const { engine, folder, request } = bench(t);
  const good = await request();
  await assert.rejects(engine.render(folder, { ...good, spec: { ...good.spec, width: 63 } }), {
    name: 'AppError',
    code: 'invalid-input',
    message: /width is 63/,
  });
  isFrame(await engine.render(folder, good));
});

test('a garbled graph is an error of the model', async (t) => {
  const folder = tinyModel(t);
  writeFileSync(join(folder, 'unet/model.onnx'), 'garbled');
  const { engine, request } = bench(t, { folder });
  await assert.rejects(engine.render(folder, await request()), {
    code: 'invalid-model',
    message: /ONNX Runtime cannot open .*unet\/model\.onnx/,
  });
});

test('a model that changed after planning is refused', async (t) => {
  const { engine, folder, request } = bench(t);
  const planned = await request();
  await assert.rejects(engine.render(folder, { ...planned, spec: { ...planned.spec, model: 'another' } }), {
    code: 'invalid-model',
    message: /planned for another/,
  });
});

test('with memory for one session only the picture is the same', async (t) => {
  const large = bench(t);
  const small = bench(t, { memoryBytes: 1 });
  const frame = await small.engine.render(small.folder, await small.request());
  assert.deepEqual(frame, await large.engine.render(large.folder, await large.request()));
});

test('inspection tells inputs and outputs, and why a component cannot be opened', async (t) => {
  const folder = tinyModel(t);
  writeFileSync(join(folder, 'vae_decoder/model.onnx'), 'garbled');
  const { engine } = bench(t);
  const inspection = await engine.inspect(folder);
  assert.deepEqual(Object.keys(inspection).sort(), ['text_encoder', 'unet', 'vae_decoder', 'vae_encoder']);
  assert.deepEqual(inspection['text_encoder'], {
    inputs: [{ name: 'input_ids', type: 'int64', dims: ['batch', 77] }],
    outputs: [
      { name: 'last_hidden_state', type: 'float32', dims: ['batch', 77, 8] },
      { name: 'pooler_output', type: 'float32', dims: ['batch', 8] },
    ],
  });
  const broken = inspection['vae_decoder'];
  assert.ok(broken && 'error' in broken && /protobuf/i.test(broken.error));
});

test('the provider is decided once, told, and asked for', async (t) => {
  const { engine, folder, events, request } = bench(t, { provider: 'auto', cacheFolder: temporaryFolder(t) });
  await engine.render(folder, await request());
  await engine.render(folder, await request());
  const notes = events.filter((event) => event.type === 'note');
  assert.equal(notes.length, 1);
  assert.equal(notes[0]?.decision.provider, (await engine.provider(folder)).provider);
});

test('disposal cancels what is pending and ends the process', async (t) => {
  const { engine, folder, request } = bench(t);
  const frame = engine.render(folder, await request({ steps: 900 }), {
    onStep: ({ step }) => {
      if (step === 1) void engine.dispose();
    },
  });
  await assert.rejects(frame, { code: 'cancelled' });
  await engine.dispose();
  assert.equal(engine.pid, undefined);
  await assert.rejects(engine.render(folder, await request()), { code: 'cancelled' });
});

test('the engine process ends when its host is killed', async (t) => {
  const script = join(temporaryFolder(t), 'host.ts');
  const here = new URL('.', import.meta.url).href;
  writeFileSync(
    script,
    `import { createEngine } from '${here}engine-client.ts';
     const engine = createEngine({
       loadModel: async () => { throw new Error('unused'); },
       cacheFolder: null,
     });
     await engine.inspect('${ONNX_FIXTURES}/tiny-sd');
     console.log(engine.pid);
     setInterval(() => undefined, 1000);`,
  );
  const host = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output] = (await once(host.stdout, 'data')) as [Buffer];
  const pid = Number(output.toString());
  assert.ok(isAlive(pid));
  host.kill('SIGKILL');
  await once(host, 'exit');
  const deadline = Date.now() + 5000;
  while (isAlive(pid) && Date.now() < deadline) await setTimeout(10);
  assert.ok(!isAlive(pid), 'the engine process is orphaned');
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
