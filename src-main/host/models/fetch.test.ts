import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { startHub } from '../../../test/support/hub.ts';
import { startEngine } from '../../../test/support/model-engine.ts';
import { temporaryFolder, tinyModel } from '../../../test/support/model-fixtures.ts';
import type { ModelRoot } from './discover.ts';
import { fetchModel, type FetchOptions, partialFetches } from './fetch.ts';
import { wantedFiles } from './fetch-files.ts';
import { createFileHashes, fingerprintModel } from './fingerprint.ts';
import { removeModel, renameModel } from './manage.ts';

const REPO = 'ada/tiny-sd';

async function setUp(context: TestContext, prepare: (folder: string) => void = () => {}) {
  const source = tinyModel(context);
  prepare(source);
  const hub = await startHub(context, REPO, source);
  const user = join(temporaryFolder(context), 'models');
  const roots: readonly ModelRoot[] = [{ origin: 'user', folder: user }];
  const engine = startEngine();
  context.after(() => engine.dispose());
  const options: FetchOptions = {
    roots,
    hub: hub.url,
    inspect: (folder, components) => engine.inspect(folder, components),
  };
  return { source, hub, user, roots, options };
}

const fingerprint = (folder: string) => fingerprintModel(folder, createFileHashes(null));

describe('a model from the hub', () => {
  test('arrives as it is there, without what other frameworks need', async (context) => {
    const { source, hub, user, options } = await setUp(context, (folder) => {
      writeFileSync(join(folder, 'unet', 'diffusion_pytorch_model.safetensors'), Buffer.alloc(50_000));
      writeFileSync(join(folder, 'README.md'), '# Tiny');
      mkdirSync(join(folder, 'flax'));
      writeFileSync(join(folder, 'flax', 'model.msgpack'), Buffer.alloc(100));
    });
    const seen: number[] = [];
    const { model } = await fetchModel(REPO, {
      ...options,
      onProgress: (done, total) => void seen.push(done / total),
    });
    assert.equal(model.name, 'tiny-sd');
    assert.equal(await fingerprint(model.folder), await fingerprint(source));
    assert.ok(existsSync(join(model.folder, 'README.md')));
    assert.ok(!hub.asked.some(({ path }) => /safetensors|msgpack/.test(path)));
    assert.equal(seen.at(-1), 1);
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
      'progress never falls',
    );
    assert.deepEqual(readdirSync(user), ['tiny-sd'], 'nothing is left over');
  });

  test('goes on where the line broke', async (context) => {
    const { hub, user, options } = await setUp(context);
    const isPart = (name: string): boolean => name.endsWith('.part') && statSync(join(user, name)).size > 0;
    const haveArrived = (): boolean => readdirSync(user, { recursive: true, encoding: 'utf8' }).some(isPart);
    hub.breakAfter = { path: 'vae_decoder/model.onnx', bytes: 20_000, haveArrived };
    await assert.rejects(fetchModel(REPO, options), { code: 'network-failed' });
    assert.deepEqual(
      (await partialFetches(user)).map(({ repo }) => repo),
      [REPO],
    );
    const before = hub.asked.length;
    const { model } = await fetchModel(REPO, options);
    const again = hub.asked.slice(before);
    assert.deepEqual(
      again.map(({ path }) => path),
      ['vae_decoder/model.onnx'],
      'only the broken file',
    );
    assert.ok((again[0]?.from ?? 0) > 0, 'from where it broke');
    assert.equal(model.name, 'tiny-sd');
    assert.deepEqual(await partialFetches(user), []);
  });

  test('is not half there when it is cancelled', async (context) => {
    const { user, options } = await setUp(context);
    const stop = new AbortController();
    const fetching = fetchModel(REPO, { ...options, signal: stop.signal, onProgress: () => stop.abort() });
    await assert.rejects(fetching, { code: 'cancelled' });
    assert.ok(!existsSync(join(user, 'tiny-sd')));
    assert.ok((await fetchModel(REPO, options)).model);
  });

  test('that cannot be used is refused with every problem', async (context) => {
    const { user, options } = await setUp(context, (folder) => {
      rmSync(join(folder, 'scheduler'), { recursive: true });
      writeFileSync(join(folder, 'tokenizer', 'tokenizer_config.json'), '{ broken');
    });
    await assert.rejects(fetchModel(REPO, options), (error: Error & { code: string }) => {
      assert.equal(error.code, 'invalid-model');
      assert.match(error.message, /scheduler_config\.json is missing/);
      assert.match(error.message, /tokenizer_config\.json cannot be read/);
      return true;
    });
    assert.deepEqual(readdirSync(user), []);
  });

  test('of another kind, of no hub and of no name are told apart', async (context) => {
    const { options } = await setUp(context, (folder) => rmSync(join(folder, 'model_index.json')));
    await assert.rejects(fetchModel(REPO, options), /is no ONNX model folder: .*no model_index\.json/);
    await assert.rejects(fetchModel('ada/other', options), /has no repository ada\/other/);
    await assert.rejects(fetchModel('tiny', options), { code: 'invalid-input' });
    const offline = { ...options, hub: 'http://127.0.0.1:9' };
    await assert.rejects(fetchModel(REPO, offline), /127\.0\.0\.1:9 cannot be reached/);
  });

  test('can be renamed and removed, unless it comes with the product', async (context) => {
    const { user, options, roots } = await setUp(context);
    await fetchModel(REPO, options);
    const renamed = await renameModel('tiny-sd', 'smallest', roots);
    assert.equal(renamed.folder, join(user, 'smallest'));
    await assert.rejects(renameModel('smallest', '../x', roots), { code: 'invalid-input' });
    await removeModel('smallest', roots);
    assert.deepEqual(readdirSync(user), []);
    await assert.rejects(removeModel('smallest', roots), { code: 'not-found' });
    const bundled = [{ origin: 'embedded' as const, folder: join(tinyModel(context), '..') }, ...roots];
    await assert.rejects(removeModel('tiny-sd', bundled), /comes with Inbetween/);
  });
});

test('weights beside a graph belong to it whatever they are called', () => {
  const paths = [
    'model_index.json',
    'unet/model.onnx',
    'unet/weights.pb',
    'unet/model.onnx_data',
    'x/weights.pb',
  ];
  const files = paths.map((path) => ({ path, size: 1 }));
  assert.deepEqual(
    wantedFiles(files).map(({ path }) => path),
    paths.slice(0, 4),
  );
});
