import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ONNX_FIXTURES, temporaryFolder } from '../../../test/support/model-fixtures.ts';
import { GraphCache } from './graph-cache.ts';
import { openOrtSession, type OwnedSession } from './ort-session.ts';
import { probeFeeds } from './probe-feeds.ts';
import { sessionOptions, type SessionSettings } from './session-options.ts';

const SETTINGS: SessionSettings = { provider: 'cpu', threads: 1 };
const DECODER = {
  path: join(ONNX_FIXTURES, 'tiny-sd/vae_decoder/model.onnx'),
  identity: 'tiny/vae_decoder',
  bytes: 28_000,
};

async function outputOf(session: OwnedSession): Promise<Float32Array> {
  const { sample } = await session.run(probeFeeds(session.inputs, {}));
  await session.release();
  return sample?.data as Float32Array;
}

test('a cached graph gives the very numbers of the original', async (t) => {
  const cache = new GraphCache({ folder: temporaryFolder(t), cpu: 'test' });
  const plain = await outputOf(await openOrtSession(DECODER.path, sessionOptions(SETTINGS)));
  const built = await cache.open(DECODER, SETTINGS);
  assert.equal(built.outcome, 'built');
  assert.deepEqual(await outputOf(built.session), plain);
  const hit = await cache.open(DECODER, SETTINGS);
  assert.equal(hit.outcome, 'hit');
  assert.deepEqual(await outputOf(hit.session), plain);
});

test('another CPU, another file and another cache version do not share a graph', async (t) => {
  const folder = temporaryFolder(t);
  await (await new GraphCache({ folder, cpu: 'a' }).open(DECODER, SETTINGS)).session.release();
  const other = await new GraphCache({ folder, cpu: 'b' }).open(DECODER, SETTINGS);
  assert.equal(other.outcome, 'built');
  await other.session.release();
  const renamed = await new GraphCache({ folder, cpu: 'a' }).open(
    { ...DECODER, identity: 'other' },
    SETTINGS,
  );
  assert.equal(renamed.outcome, 'built');
  await renamed.session.release();
  assert.equal(readdirSync(folder).length, 3);
});

for (const [damage, apply] of [
  ['a truncated graph', (entry: string) => truncate(join(entry, 'model.onnx'))],
  ['truncated weights', (entry: string) => truncate(join(entry, 'weights.bin'))],
  ['garbled weights', (entry: string) => garble(join(entry, 'weights.bin'))],
  ['a garbled seal', (entry: string) => writeFileSync(join(entry, 'seal.json'), '{')],
] as const) {
  test(`${damage} is rebuilt`, async (t) => {
    const folder = temporaryFolder(t);
    const cache = new GraphCache({ folder, cpu: 'test' });
    const expected = await outputOf((await cache.open(DECODER, SETTINGS)).session);
    const entry = join(folder, readdirSync(folder)[0] ?? '');
    apply(entry);
    const rebuilt = await cache.open(DECODER, SETTINGS);
    assert.equal(rebuilt.outcome, 'rebuilt');
    assert.deepEqual(await outputOf(rebuilt.session), expected);
    assert.equal((await cache.open(DECODER, SETTINGS)).outcome, 'hit');
  });
}

test('several openings at once leave one whole graph and nothing half done', async (t) => {
  const folder = temporaryFolder(t);
  const caches = Array.from({ length: 4 }, () => new GraphCache({ folder, cpu: 'test' }));
  const opened = await Promise.all(caches.map((cache) => cache.open(DECODER, SETTINGS)));
  const outputs = await Promise.all(opened.map(({ session }) => outputOf(session)));
  for (const output of outputs) assert.deepEqual(output, outputs[0]);
  assert.equal(readdirSync(folder).length, 1);
  assert.equal((await caches[0]?.open(DECODER, SETTINGS))?.outcome, 'hit');
});

test('a cache folder that cannot be made costs time, not the session', async (t) => {
  const file = join(temporaryFolder(t), 'file');
  writeFileSync(file, '');
  const opened = await new GraphCache({ folder: join(file, 'cache'), cpu: 'test' }).open(DECODER, SETTINGS);
  assert.equal(opened.outcome, 'bypassed');
  await opened.session.release();
});

test('the least recently used graphs go when the limit is reached', async (t) => {
  const folder = temporaryFolder(t);
  const cache = new GraphCache({ folder, cpu: 'test', limitBytes: 1 });
  for (const identity of ['one', 'two']) {
    await (await cache.open({ ...DECODER, identity }, SETTINGS)).session.release();
  }
  assert.equal(readdirSync(folder).length, 1);
  assert.equal((await cache.open({ ...DECODER, identity: 'two' }, SETTINGS)).outcome, 'hit');
});

test('a file that is no graph fails as it does without the cache and leaves nothing', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(temporaryFolder(t), 'model.onnx');
  writeFileSync(path, 'no graph');
  const cache = new GraphCache({ folder, cpu: 'test' });
  await assert.rejects(cache.open({ path, identity: 'x', bytes: 8 }, SETTINGS));
  assert.deepEqual(readdirSync(folder), []);
  assert.ok(existsSync(folder));
});

function truncate(path: string): void {
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, bytes.length >> 1));
}

function garble(path: string): void {
  const bytes = readFileSync(path);
  bytes.fill(0xff, 100, 200);
  writeFileSync(path, bytes);
}
