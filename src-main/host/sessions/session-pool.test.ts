import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { ONNX_FIXTURES } from '../../../test/support/model-fixtures.ts';
import { probeFeeds } from './probe-feeds.ts';
import { componentBytes, SessionPool } from './session-pool.ts';

const FOLDER = join(ONNX_FIXTURES, 'tiny-sd');
const SETTINGS = { provider: 'cpu', threads: 1 } as const;
const path = (component: string): string => join(FOLDER, component);

test('a session that is open is handed out again', async () => {
  const opened: string[] = [];
  const pool = new SessionPool({ memoryBytes: 1e9, onOpened: ({ component }) => opened.push(component) });
  const source = pool.source(FOLDER, 'f', SETTINGS);
  const [first, second] = await Promise.all([source.session('unet'), source.session('unet')]);
  assert.equal(first, second);
  assert.deepEqual(opened, ['unet']);
  await pool.releaseAll();
  assert.deepEqual(pool.open, []);
});

test('with a small budget one session is open at a time', async () => {
  const pool = new SessionPool({ memoryBytes: 1 });
  const source = pool.source(FOLDER, 'f', SETTINGS);
  for (const component of ['text_encoder', 'unet', 'vae_decoder', 'unet']) {
    await source.session(component);
    assert.deepEqual(pool.open, [path(component)]);
  }
  await pool.releaseAll();
});

test('the least recently used session is released first', async () => {
  const bytes = await Promise.all(
    ['text_encoder', 'vae_decoder'].map((name) => componentBytes(FOLDER, name)),
  );
  const memoryBytes = Math.ceil(1.3 * bytes.reduce((sum, each) => sum + each, 0)) + 3000;
  const pool = new SessionPool({ memoryBytes });
  const source = pool.source(FOLDER, 'f', SETTINGS);
  await source.session('text_encoder');
  await source.session('vae_decoder');
  await source.session('text_encoder');
  await source.session('unet');
  assert.deepEqual(pool.open, [path('vae_decoder'), path('text_encoder'), path('unet')]);
  await source.session('vae_encoder');
  assert.deepEqual(pool.open, [path('text_encoder'), path('unet'), path('vae_encoder')]);
  await pool.releaseAll();
});

test('a session is not released while a call is under way', async () => {
  const pool = new SessionPool({ memoryBytes: 1 });
  const source = pool.source(FOLDER, 'f', SETTINGS);
  const unet = await source.session('unet');
  const call = unet.run(probeFeeds(unet.inputs, { 'unet/config.json': '{"cross_attention_dim": 8}' }));
  await source.session('vae_decoder');
  assert.ok((await call)['out_sample']);
  await pool.releaseAll();
});

test('a missing component is known beforehand and named when it is asked for', async () => {
  const source = new SessionPool({ memoryBytes: 1e9 }).source(FOLDER, 'f', SETTINGS);
  assert.equal(source.has('unet'), true);
  assert.equal(source.has('prior'), false);
  await assert.rejects(source.session('prior'), /has no prior\/model\.onnx/);
});
