import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openConnection } from './connection.ts';
import { openStore } from './project-store.ts';
import { mountTmpfs } from './test-mount.ts';
import { testArtifact, testFolder, testKey, tickingClock } from './test-folder.ts';

const clock = tickingClock();
const isDiskFull = { code: 'disk-full', message: /no space left.*\.inbetween/ };

/** Puts frames until the disk is full; returns the keys that were acknowledged. */
function fillUp(put: (name: string) => void): string[] {
  const stored: string[] = [];
  assert.throws(() => {
    for (let frame = 0; frame < 10_000; frame += 1) {
      put(`${frame}`);
      stored.push(testKey(`${frame}`));
    }
  }, isDiskFull);
  assert.ok(stored.length > 2);
  return stored;
}

test('on a full disk nothing that was saved is lost, and the store goes on once there is space', (context) => {
  const mount = mountTmpfs(context, 8);
  if (mount === undefined) return context.skip('mounting needs root');
  const file = join(mount.folder, 'a.inbetween');
  const ballast = join(mount.folder, 'ballast');
  writeFileSync(ballast, Buffer.alloc(3 << 20));

  const store = openStore(file, { create: true, clock });
  store.saveDocument('{"safe":true}', { expectedRevision: 0 });
  const stored = fillUp((name) => store.putArtifacts([testArtifact('frame', name, 60_000)]));
  assert.deepEqual(store.document(), { revision: 1, json: '{"safe":true}' });
  assert.equal(store.hasArtifacts('frame', stored).size, stored.length);
  const large = JSON.stringify({ text: 'x'.repeat(200_000) });
  assert.throws(() => store.saveDocument(large, { expectedRevision: 1 }), isDiskFull);

  rmSync(ballast);
  store.saveDocument(large, { expectedRevision: 1 });
  store.putArtifacts([testArtifact('frame', 'after', 60_000)]);
  assert.deepEqual(store.verify(), []);
  store.close();
});

test('a store that is closed on a full disk keeps its log, and the next one folds it in', (context) => {
  const mount = mountTmpfs(context, 4);
  if (mount === undefined) return context.skip('mounting needs root');
  const file = join(mount.folder, 'a.inbetween');
  const ballast = join(mount.folder, 'ballast');
  writeFileSync(ballast, Buffer.alloc(2 << 20));
  const store = openStore(file, { create: true, clock });
  store.saveDocument('{"safe":true}', { expectedRevision: 0 });
  const stored = fillUp((name) => store.putArtifacts([testArtifact('frame', name, 60_000)]));
  assert.equal(store.close(), false);

  const again = openStore(file, { clock });
  assert.deepEqual(again.document(), { revision: 1, json: '{"safe":true}' });
  assert.equal(again.hasArtifacts('frame', stored).size, stored.length);
  assert.deepEqual(again.verify(), []);
  rmSync(ballast);
  again.slim();
  again.saveDocument('{"safe":"still"}', { expectedRevision: 1 });
  assert.equal(again.close(), true);
});

test('a full disk while a project is made leaves no half of one', (context) => {
  const mount = mountTmpfs(context, 1);
  if (mount === undefined) return context.skip('mounting needs root');
  writeFileSync(join(mount.folder, 'ballast'), Buffer.alloc((1 << 20) - 16_384));
  const file = join(mount.folder, 'a.inbetween');
  assert.throws(() => openStore(file, { create: true, clock }), isDiskFull);
  rmSync(join(mount.folder, 'ballast'));
  openStore(file, { create: true, clock }).close();
});

test('the database refusing to grow is a full disk too, and rolls back whole', (context) => {
  const connection = openConnection(join(testFolder(context), 'a.inbetween'), { create: true });
  const { database } = connection;
  const pages = database.pragma('page_count', { simple: true }) as number;
  database.pragma(`max_page_count = ${pages + 2}`);
  const insert = database.prepare('INSERT INTO setting (key, value) VALUES (?, ?)');
  assert.throws(
    () =>
      connection.write(() => {
        insert.run('small', '1');
        insert.run('large', JSON.stringify('x'.repeat(100_000)));
      }),
    isDiskFull,
  );
  assert.equal(database.prepare('SELECT count(*) FROM setting').pluck().get(), 0);
  connection.write(() => insert.run('small', '1'));
  connection.close();
});
