import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { FIXTURE } from './fixtures/fixture-content.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS, SCHEMA_VERSION } from './migrations/index.ts';
import { openStore } from './project-store.ts';
import { testFolder, tickingClock } from './test-folder.ts';

const fixture = (version: number): string =>
  fileURLToPath(new URL(`fixtures/v${version}.inbetween`, import.meta.url));

test('migrations are numbered from 1 without gaps', () => {
  assert.deepEqual(
    MIGRATIONS.map(({ version }) => version),
    MIGRATIONS.map((_, index) => index + 1),
  );
});

test('there is a fixture file of every version', () => {
  for (const { version } of MIGRATIONS)
    assert.ok(existsSync(fixture(version)), `fixtures/v${version}.inbetween`);
});

for (const { version } of MIGRATIONS) {
  test(`a project of version ${version} opens with everything in it`, (context) => {
    const file = join(testFolder(context), 'a.inbetween');
    copyFileSync(fixture(version), file);
    const store = openStore(file, { clock: tickingClock() });
    assert.deepEqual(store.document(), { revision: 2, json: FIXTURE.document });
    const { entries, cursor } = store.history();
    assert.deepEqual(
      entries.map(({ label, code, diff }) => ({ label, code, diff })),
      [FIXTURE.step, FIXTURE.undoneStep],
    );
    assert.equal(cursor, 1);
    assert.deepEqual(
      store.listAssets().map(({ sha256, name }) => ({ sha256, name })),
      [{ sha256: hash('sha256', FIXTURE.asset.bytes), name: FIXTURE.asset.name }],
    );
    assert.deepEqual(store.setting('view'), FIXTURE.setting);
    for (const { kind, key, bytes, mediaType, meta, costMs } of FIXTURE.artifacts) {
      const found = store.getArtifact(kind, hash('sha256', key));
      assert.deepEqual(found && Buffer.from(found.bytes), Buffer.from(bytes));
      assert.equal(found?.mediaType, mediaType);
      assert.deepEqual(found?.meta, meta ?? null);
      assert.equal(found?.costMs, costMs ?? 0);
    }
    assert.deepEqual(store.verify(), []);
    store.close();
    const database = new Database(file, { readonly: true });
    assert.equal(database.pragma('user_version', { simple: true }), SCHEMA_VERSION);
    assert.equal(database.pragma('journal_mode', { simple: true }), 'delete');
    database.close();
  });
}

test('a project that went through every version has the tables of a fresh one', (context) => {
  const file = join(testFolder(context), 'a.inbetween');
  copyFileSync(fixture(1), file);
  const old = new Database(file);
  migrate(old);
  const fresh = new Database(':memory:');
  migrate(fresh);
  const schema = (database: Database.Database): unknown[] =>
    database.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name').all();
  assert.deepEqual(schema(old), schema(fresh));
  old.close();
  fresh.close();
});
