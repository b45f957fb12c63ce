import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { isStaleRevision } from './document-table.ts';
import { openStore } from './project-store.ts';
import { namesIn, testArtifact, testFolder, testKey, tickingClock } from './test-folder.ts';

const clock = tickingClock();

test('a saved document, its history, pictures and settings are there after reopening, in one file', (context) => {
  const folder = testFolder(context);
  const file = join(folder, 'a.inbetween');
  const store = openStore(file, { create: true, clock });
  assert.equal(store.document(), undefined);
  assert.deepEqual(store.saveDocument('{"a":1}', { expectedRevision: 0 }), { revision: 1, json: '{"a":1}' });
  store.saveDocument('{"a":2}', {
    expectedRevision: 1,
    history: { label: 'Set a', code: 'set', diff: '[1,2]' },
  });
  const picture = { mediaType: 'image/png', name: 'cat.png', bytes: Buffer.from('cat'), width: 3, height: 2 };
  const { sha256 } = store.putAsset(picture);
  store.putAsset({ ...picture, name: 'the same again.png' });
  store.setSetting('view', { zoom: 2 });
  assert.equal(store.close(), true);
  assert.deepEqual(namesIn(folder), ['a.inbetween']);

  const again = openStore(file, { clock });
  context.after(() => again.close());
  assert.deepEqual(again.document(), { revision: 2, json: '{"a":2}' });
  const entry = { position: 1, label: 'Set a', code: 'set', diff: '[1,2]', revision: 2 };
  assert.deepEqual(again.history(), { entries: [entry], cursor: 1 });
  assert.deepEqual(again.listAssets(), [
    { sha256, mediaType: 'image/png', name: 'cat.png', width: 3, height: 2, size: 3 },
  ]);
  assert.deepEqual(again.getAsset(sha256)?.bytes, Buffer.from('cat'));
  assert.deepEqual(again.setting('view'), { zoom: 2 });
  again.setSetting('view', undefined);
  assert.equal(again.setting('view'), undefined);
  assert.deepEqual(again.verify(), []);
});

test('a change that was made to an older revision is refused', (context) => {
  const file = join(testFolder(context), 'a.inbetween');
  const first = openStore(file, { create: true, clock });
  const second = openStore(file, { clock });
  first.saveDocument('{"from":"first"}', { expectedRevision: 0 });
  assert.throws(
    () => second.saveDocument('{}', { expectedRevision: 0, history: { label: 'x', diff: '1' } }),
    (error) => isStaleRevision(error) && /revision 1.*made to 0/.test(String(error)),
  );
  assert.deepEqual(second.document(), { revision: 1, json: '{"from":"first"}' });
  assert.deepEqual(second.history().entries, []);
  assert.equal(first.close(), false, 'the other one still has it open');
  assert.equal(second.close(), true);
});

test('undo and redo follow a plain list with a cursor', (context) => {
  const folder = testFolder(context);
  const steps = fc.array(fc.constantFrom('push', 'undo', 'redo', 'reopen'), { maxLength: 40 });
  let files = 0;
  fc.assert(
    fc.property(steps, (actions) => {
      const file = join(folder, `${files++}.inbetween`);
      let store = openStore(file, { create: true, clock, historyLimit: 5 });
      const model: string[] = [];
      let cursor = 0;
      let pushed = 0;
      for (const action of actions) {
        if (action === 'push') {
          const label = `step ${pushed++}`;
          store.pushHistory({ label, diff: '{}' });
          model.splice(cursor, model.length, label);
          if (model.length > 5) model.shift();
          cursor = model.length;
        } else if (action === 'undo') {
          assert.equal(store.undo()?.label, cursor > 0 ? model[--cursor] : undefined);
        } else if (action === 'redo') {
          assert.equal(store.redo()?.label, cursor < model.length ? model[cursor++] : undefined);
        } else {
          store.close();
          store = openStore(file, { clock, historyLimit: 5 });
        }
        assert.deepEqual(
          store.history().entries.map(({ label }) => label),
          model,
        );
      }
      assert.deepEqual(store.verify(), []);
      store.close();
    }),
    { numRuns: 15 },
  );
});

test('what is done in one transact is saved whole or not at all', (context) => {
  const file = join(testFolder(context), 'a.inbetween');
  const store = openStore(file, { create: true, clock });
  context.after(() => store.close());
  store.saveDocument('1', { expectedRevision: 0, history: { label: 'one', diff: '1' } });
  const failing = (): void => {
    store.undo();
    store.saveDocument('0', { expectedRevision: 1 });
    throw new Error('on the way');
  };
  assert.throws(() => store.transact(failing), /on the way/);
  assert.deepEqual(store.document(), { revision: 1, json: '1' });
  assert.equal(store.history().cursor, 1);
});

test('text that is not JSON never becomes the document', (context) => {
  const store = openStore(join(testFolder(context), 'a.inbetween'), { create: true, clock });
  context.after(() => store.close());
  assert.throws(() => store.saveDocument('{"a":', { expectedRevision: 0 }), { code: 'internal' });
  assert.equal(store.document(), undefined);
});

test('a picture without pixels is refused with its name', (context) => {
  const store = openStore(join(testFolder(context), 'a.inbetween'), { create: true, clock });
  context.after(() => store.close());
  const empty = { mediaType: 'image/png', name: 'empty.png', bytes: Buffer.alloc(0), width: 0, height: 4 };
  assert.throws(() => store.putAsset(empty), { code: 'invalid-asset', message: /empty\.png is 0 × 4/ });
});

test('slimming drops the cache, keeps the work and gives the space back', (context) => {
  const file = join(testFolder(context), 'a.inbetween');
  const store = openStore(file, { create: true, clock });
  store.saveDocument('{}', { expectedRevision: 0 });
  for (let frame = 0; frame < 20; frame += 1)
    store.putArtifacts([testArtifact('frame', `${frame}`, 100_000)]);
  const { bytesBefore, bytesAfter } = store.slim();
  assert.ok(bytesBefore > 2_000_000, `${bytesBefore}`);
  assert.ok(bytesAfter < 200_000, `${bytesAfter}`);
  assert.equal(store.usage().frames.count, 0);
  assert.deepEqual(store.document(), { revision: 1, json: '{}' });
  store.close();
  assert.equal(statSync(file).size, bytesAfter);
});

test('two stores write the same file at once and both see everything', (context) => {
  const file = join(testFolder(context), 'a.inbetween');
  const left = openStore(file, { create: true, clock });
  const right = openStore(file, { clock });
  for (let frame = 0; frame < 20; frame += 1) {
    (frame % 2 === 0 ? left : right).putArtifacts([testArtifact('frame', `${frame}`)]);
  }
  const keys = Array.from({ length: 20 }, (_, frame) => testKey(`${frame}`));
  assert.equal(left.hasArtifacts('frame', keys).size, 20);
  assert.equal(right.hasArtifacts('frame', keys).size, 20);
  left.close();
  assert.deepEqual(right.verify(), []);
  right.close();
});
