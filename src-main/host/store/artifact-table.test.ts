import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { openStore, type Store } from './project-store.ts';
import { testArtifact, testFolder, testKey, tickingClock } from './test-folder.ts';

function newStore(context: TestContext, maxBytes?: number): Store {
  const file = join(testFolder(context), 'a.inbetween');
  const clock = tickingClock();
  const store = openStore(file, { create: true, clock, ...(maxBytes === undefined ? {} : { maxBytes }) });
  context.after(() => store.close());
  return store;
}

const keysOf = (names: readonly string[]): string[] => names.map((name) => testKey(name));

test('an artifact comes back as it was stored, and kinds do not mix', (context) => {
  const store = newStore(context);
  const frame = testArtifact('frame', 'a', 100_000);
  store.putArtifacts([frame, testArtifact('latents', 'a', 16)]);
  const found = store.getArtifact('frame', frame.key);
  assert.deepEqual(found?.bytes, frame.bytes);
  assert.deepEqual(found?.meta, { name: 'a' });
  assert.equal(found?.costMs, 5);
  assert.equal(store.getArtifact('latents', frame.key)?.bytes.length, 16);
  assert.equal(store.getArtifact('embedding', frame.key), undefined);
});

test('several megabytes fit, and so does nothing at all', (context) => {
  const store = newStore(context);
  store.putArtifacts([testArtifact('latents', 'large', 12 << 20), testArtifact('latents', 'empty', 0)]);
  assert.equal(store.getArtifact('latents', testKey('large'))?.bytes.length, 12 << 20);
  assert.equal(store.getArtifact('latents', testKey('empty'))?.bytes.length, 0);
});

test('a list is stored whole or not at all', (context) => {
  const store = newStore(context);
  const broken = { ...testArtifact('frame', 'b'), bytes: 'not bytes' as unknown as Uint8Array };
  assert.throws(() => store.putArtifacts([testArtifact('frame', 'a'), broken]));
  assert.equal(store.hasArtifacts('frame', keysOf(['a', 'b'])).size, 0);
});

test('presence of many keys is answered at once, for any number of them', (context) => {
  const store = newStore(context);
  store.putArtifacts(Array.from({ length: 300 }, (_, index) => testArtifact('frame', `${index}`, 10)));
  const asked = Array.from({ length: 10_000 }, (_, index) => testKey(`${index}`));
  assert.deepEqual(store.hasArtifacts('frame', asked), new Set(asked.slice(0, 300)));
  assert.equal(store.hasArtifacts('frame', []).size, 0);
  assert.equal(store.hasArtifacts('frame', new Set(['"', "'; --"])).size, 0);
});

test('an artifact whose bytes changed on disk is absent from then on', (context) => {
  const store = newStore(context);
  store.putArtifacts([testArtifact('frame', 'a'), testArtifact('frame', 'b')]);
  const other = new Database(store.file);
  other.prepare('UPDATE artifact_bytes SET bytes = zeroblob(1000) WHERE artifact = 1').run();
  other.close();
  assert.equal(store.verify()[0]?.code, 'artifact-content');
  assert.equal(store.getArtifact('frame', testKey('a')), undefined);
  assert.deepEqual(store.hasArtifacts('frame', keysOf(['a', 'b'])), new Set(keysOf(['b'])));
  assert.deepEqual(store.verify(), []);
});

test('verify names cut pictures, orphans and wrong sizes', (context) => {
  const store = newStore(context);
  store.putArtifacts([
    { ...testArtifact('frame', 'cut'), mediaType: 'image/png' },
    testArtifact('frame', 'bare'),
    testArtifact('frame', 'short'),
  ]);
  const other = new Database(store.file);
  other.pragma('foreign_keys = OFF');
  other.exec(`
    DELETE FROM artifact_bytes WHERE artifact = 2;
    UPDATE artifact SET size = 7 WHERE id = 3;
    INSERT INTO artifact_bytes (artifact, bytes) VALUES (99, x'00');`);
  other.close();
  assert.deepEqual(
    store.verify().map(({ code }) => code),
    ['artifact-picture', 'artifact-size', 'orphan', 'orphan'],
  );
});

test('eviction drops latents, then embeddings, then frames, the least recently used first', (context) => {
  const store = newStore(context);
  for (const name of ['1', '2', '3']) {
    store.putArtifacts([
      testArtifact('frame', name),
      testArtifact('latents', name),
      testArtifact('embedding', name),
    ]);
  }
  store.getArtifact('latents', testKey('1'));
  store.touchArtifacts('frame', [testKey('1')]);

  assert.deepEqual(store.evict({ maxBytes: 7000 }), { count: 2, bytes: 2000 });
  assert.deepEqual(store.hasArtifacts('latents', keysOf(['1', '2', '3'])), new Set(keysOf(['1'])));

  store.evict({ maxBytes: 2000, keepKeys: new Set(keysOf(['2'])) });
  assert.equal(store.usage().latents.count, 0);
  assert.deepEqual(store.hasArtifacts('embedding', keysOf(['1', '2', '3'])), new Set(keysOf(['2'])));
  assert.deepEqual(store.hasArtifacts('frame', keysOf(['1', '2', '3'])), new Set(keysOf(['2'])));
  assert.deepEqual(store.evict({ maxBytes: 0 }), { count: 2, bytes: 2000 });
  assert.deepEqual(store.verify(), []);
});

test('with a limit, puts keep the cache below it and never drop what was just put', (context) => {
  const store = newStore(context, 50_000);
  for (let frame = 0; frame < 200; frame += 1) {
    const name = `${frame}`;
    store.putArtifacts([testArtifact('frame', name), testArtifact('latents', name)]);
    assert.ok(store.hasArtifacts('frame', [testKey(name)]).size === 1);
    assert.ok(store.hasArtifacts('latents', [testKey(name)]).size === 1);
    const { frames, latents } = store.usage();
    assert.ok(frames.bytes + latents.bytes <= 50_000);
  }
  assert.ok(store.usage().frames.count >= 40);
  store.putArtifacts([testArtifact('frame', 'huge', 90_000)]);
  assert.deepEqual(store.usage().frames, { count: 1, bytes: 90_000 });
});
