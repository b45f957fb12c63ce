import assert from 'node:assert/strict';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { openCache } from './cache-store.ts';
import { SCHEMA_VERSION } from './migrations/index.ts';
import type { ArtifactStore } from './store-types.ts';
import { namesIn, testArtifact, testFolder, testKey, tickingClock } from './test-folder.ts';

function openNoting(file: string, maxBytes = 1e9): { cache: ArtifactStore; notes: string[] } {
  const notes: string[] = [];
  const cache = openCache(file, { clock: tickingClock(), maxBytes, onNote: (note) => notes.push(note) });
  return { cache, notes };
}

function fill(cache: ArtifactStore, frames: number): void {
  for (let frame = 0; frame < frames; frame += 1)
    cache.putArtifacts([testArtifact('frame', `${frame}`, 20_000)]);
}

test('a cache is made with the folders on its way and remembers', (context) => {
  const folder = testFolder(context);
  const file = join(folder, 'made', 'for', 'it', 'cache.inbetween');
  const first = openNoting(file);
  fill(first.cache, 3);
  assert.equal(first.cache.close(), true);
  const second = openNoting(file);
  assert.ok(second.cache.getArtifact('frame', testKey('2')));
  second.cache.close();
  assert.deepEqual([...first.notes, ...second.notes], []);
});

test('a cache that was opened with a smaller limit is cut down to it when closed', (context) => {
  const file = join(testFolder(context), 'cache.inbetween');
  const large = openNoting(file).cache;
  fill(large, 20);
  large.close();
  openNoting(file, 100_000).cache.close();
  const { cache } = openNoting(file);
  assert.equal(cache.usage().frames.count, 4);
  assert.ok(cache.getArtifact('frame', testKey('19')));
  cache.close();
});

test('a damaged cache is moved aside, whole, and a fresh one begun with a note', (context) => {
  const folder = testFolder(context);
  const file = join(folder, 'cache.inbetween');
  for (const round of [1, 2]) {
    const { cache } = openNoting(file);
    fill(cache, 20);
    cache.close();
    truncateSync(file, 50_000);
    const before = readFileSync(file);
    const { cache: fresh, notes } = openNoting(file);
    assert.equal(notes.length, 1);
    assert.match(notes[0]!, new RegExp(`moved to .*cache\\.inbetween\\.damaged-${round}`));
    assert.equal(fresh.usage().frames.count, 0);
    fill(fresh, 1);
    fresh.close();
    assert.ok(before.equals(readFileSync(`${file}.damaged-${round}`)));
  }
  assert.deepEqual(namesIn(folder), [
    'cache.inbetween',
    'cache.inbetween.damaged-1',
    'cache.inbetween.damaged-2',
  ]);
});

test('something else in the place of the cache is kept aside too', (context) => {
  const folder = testFolder(context);
  const file = join(folder, 'cache.inbetween');
  writeFileSync(file, 'not a database, but perhaps somebody needs it\n'.repeat(10));
  const { cache, notes } = openNoting(file);
  assert.equal(notes.length, 1);
  cache.close();
  assert.deepEqual(namesIn(folder), ['cache.inbetween', 'cache.inbetween.damaged-1']);
});

test('damage that shows in mid-use costs the cache, not the work that uses it', (context) => {
  const folder = testFolder(context);
  const file = join(folder, 'cache.inbetween');
  const first = openNoting(file).cache;
  fill(first, 200);
  first.close();
  // The pages of the cache's tables, behind those that are read on opening.
  const bytes = readFileSync(file);
  const database = new Database(file, { readonly: true });
  const roots = database
    .prepare("SELECT rootpage FROM sqlite_schema WHERE tbl_name LIKE 'artifact%' AND name <> 'artifact'")
    .pluck()
    .all() as number[];
  database.close();
  for (const root of roots) bytes.fill(0x5a, (root - 1) * 8192, root * 8192);
  writeFileSync(file, bytes);

  const { cache, notes } = openNoting(file);
  assert.equal(cache.getArtifact('frame', testKey('7')), undefined);
  fill(cache, 5);
  assert.equal(cache.hasArtifacts('frame', ['0', '4', '7'].map(testKey)).size, 2);
  assert.equal(notes.length, 1);
  assert.deepEqual(cache.verify(), []);
  cache.close();
  assert.deepEqual(namesIn(folder), ['cache.inbetween', 'cache.inbetween.damaged-1']);
});

test('the cache of a newer version is left alone and another kept beside it', (context) => {
  const folder = testFolder(context);
  const file = join(folder, 'cache.inbetween');
  openNoting(file).cache.close();
  const database = new Database(file);
  database.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
  database.close();
  const before = readFileSync(file);
  const { cache, notes } = openNoting(file);
  fill(cache, 1);
  cache.close();
  assert.match(notes[0]!, /newer/);
  assert.ok(before.equals(readFileSync(file)));
  assert.deepEqual(namesIn(folder), ['cache.inbetween', `cache.inbetween-v${SCHEMA_VERSION}`]);
});
