import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { SCHEMA_VERSION } from './migrations/index.ts';
import { openStore, type Store } from './project-store.ts';
import { mountTmpfs } from './test-mount.ts';
import { namesIn, testArtifact, testFolder, testKey, tickingClock } from './test-folder.ts';

const clock = tickingClock();
const open = (file: string): Store => openStore(file, { clock });

function makeProject(file: string): void {
  const store = openStore(file, { create: true, clock });
  store.saveDocument('{"name":"x"}', { expectedRevision: 0 });
  for (let frame = 0; frame < 10; frame += 1) store.putArtifacts([testArtifact('frame', `${frame}`, 30_000)]);
  store.close();
}

function refusedUntouched(file: string, expected: object): void {
  const before = readFileSync(file);
  for (const options of [{ clock }, { clock, readonly: true }, { clock, create: true }]) {
    assert.throws(() => openStore(file, options), expected);
  }
  assert.ok(before.equals(readFileSync(file)), 'the file changed');
}

test('a missing file is named, unless it is to be made', (context) => {
  const folder = testFolder(context);
  const file = join(folder, 'none.inbetween');
  assert.throws(() => open(file), { code: 'not-found', message: /none\.inbetween/ });
  assert.throws(() => openStore(join(folder, 'no', 'b.inbetween'), { create: true, clock }), {
    code: 'not-found',
  });
  assert.throws(() => open(folder), { code: 'invalid-input', message: /is a folder/ });
  assert.deepEqual(namesIn(folder), []);
});

test('a file of a newer version is refused and stays byte for byte', (context) => {
  const folder = testFolder(context);
  const file = join(folder, 'new.inbetween');
  makeProject(file);
  const database = new Database(file);
  database.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
  database.close();
  refusedUntouched(file, { code: 'project-newer', message: new RegExp(`format ${SCHEMA_VERSION + 1}`) });
  assert.deepEqual(namesIn(folder), ['new.inbetween']);
});

test('a newer version that is still only in the log of a killed process is refused, and the log stays', (context) => {
  const folder = testFolder(context);
  const file = join(folder, 'new.inbetween');
  makeProject(file);
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
  const copy = join(folder, 'killed.inbetween');
  copyFileSync(file, copy);
  copyFileSync(`${file}-wal`, `${copy}-wal`);
  database.close();
  const log = readFileSync(`${copy}-wal`);
  refusedUntouched(copy, { code: 'project-newer' });
  assert.ok(log.equals(readFileSync(`${copy}-wal`)));
});

test('what is no project is refused and stays byte for byte', (context) => {
  const folder = testFolder(context);
  const text = join(folder, 'notes.txt');
  writeFileSync(text, 'red cat, blue dog\n'.repeat(100));
  refusedUntouched(text, { code: 'invalid-input', message: /notes\.txt is not an Inbetween project/ });

  const foreign = join(folder, 'browser.sqlite');
  const database = new Database(foreign);
  database.exec('CREATE TABLE document (url TEXT)');
  database.close();
  refusedUntouched(foreign, { code: 'invalid-input', message: /another application/ });

  const empty = join(folder, 'empty.inbetween');
  writeFileSync(empty, '');
  assert.throws(() => open(empty), { code: 'project-damaged', message: /empty/ });
  openStore(empty, { create: true, clock }).close();
  open(empty).close();
});

test('a file that was cut off, and one with a broken list of tables, are called damaged and stay as they are', (context) => {
  const folder = testFolder(context);
  const cut = join(folder, 'cut.inbetween');
  makeProject(cut);
  truncateSync(cut, 100_000);
  refusedUntouched(cut, { code: 'project-damaged', message: /cut\.inbetween is damaged: it was cut off/ });

  const scrambled = join(folder, 'scrambled.inbetween');
  makeProject(scrambled);
  writeFileSync(scrambled, readFileSync(scrambled).fill(0xa5, 100, 8000));
  refusedUntouched(scrambled, { code: 'project-damaged' });

  const dropped = join(folder, 'dropped.inbetween');
  makeProject(dropped);
  const database = new Database(dropped);
  database.exec('DROP TABLE history_cursor');
  database.close();
  refusedUntouched(dropped, { code: 'project-damaged', message: /table is missing/ });
});

test('a project opened for reading shows everything, takes nothing and leaves the file alone', (context) => {
  const folder = testFolder(context);
  const file = join(folder, 'a.inbetween');
  makeProject(file);
  const before = readFileSync(file);
  const store = openStore(file, { readonly: true, clock });
  assert.deepEqual(store.document(), { revision: 1, json: '{"name":"x"}' });
  assert.equal(store.getArtifact('frame', testKey('3'))?.bytes.length, 30_000);
  assert.deepEqual(store.verify(), []);
  assert.throws(() => store.saveDocument('{}', { expectedRevision: 1 }), { code: 'read-only' });
  assert.throws(() => store.evict({ maxBytes: 0 }), { code: 'read-only' });
  store.close();
  assert.ok(before.equals(readFileSync(file)));
  assert.deepEqual(namesIn(folder), ['a.inbetween']);
});

test('a write-protected folder: reading works, writing says read-only', (context) => {
  const mount = mountTmpfs(context, 4);
  if (mount === undefined) return context.skip('mounting needs root');
  const closed = join(mount.folder, 'closed.inbetween');
  makeProject(closed);
  const inWalMode = join(mount.folder, 'wal.inbetween');
  makeProject(inWalMode);
  const killed = join(mount.folder, 'killed.inbetween');
  const writer = open(inWalMode);
  writer.setSetting('in the log', true);
  copyFileSync(inWalMode, killed);
  copyFileSync(`${inWalMode}-wal`, `${killed}-wal`);
  writer.close();
  const database = new Database(inWalMode);
  database.pragma('journal_mode = WAL');
  database.close();
  mount.makeReadonly();
  for (const file of [closed, inWalMode, killed]) {
    assert.throws(() => open(file), { code: 'read-only', message: /cannot be written/ });
    const store = openStore(file, { readonly: true, clock });
    assert.equal(store.document()?.revision, 1);
    assert.equal(store.usage().frames.count, 10);
    assert.equal(store.setting('in the log'), file === closed ? undefined : true);
    store.close();
  }
  const fresh = join(mount.folder, 'fresh.inbetween');
  assert.throws(() => openStore(fresh, { create: true, clock }), { code: 'read-only' });
});

test('a link to a project opens the project itself', (context) => {
  const folder = testFolder(context);
  mkdirSync(join(folder, 'real'));
  makeProject(join(folder, 'real', 'a.inbetween'));
  symlinkSync(join(folder, 'real', 'a.inbetween'), join(folder, 'link.inbetween'));
  const store = open(join(folder, 'link.inbetween'));
  store.saveDocument('{}', { expectedRevision: 1 });
  assert.deepEqual(namesIn(folder), ['link.inbetween', 'real']);
  store.close();
  assert.deepEqual(namesIn(join(folder, 'real')), ['a.inbetween']);
});
