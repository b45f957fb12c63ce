import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { planFrame } from '../../../src-shared/model/plan.ts';
import { CONTEXT, documentOf } from '../../../test/support/documents.ts';
import { openStore } from '../store/project-store.ts';
import { testArtifact, testFolder } from '../store/test-folder.ts';
import { mountTmpfs } from '../store/test-mount.ts';
import { createMachinePace } from './machine-pace.ts';
import { createPace } from './pace.ts';

const spec = planFrame(documentOf({ keyframes: [{ frame: 0, prompt: 'red cat' }] }), 0, CONTEXT);

test('a frame in whose middle the machine slept does not make the others look slow', (context) => {
  const pace = createPace(undefined, createMachinePace(testFolder(context)));
  for (let frame = 0; frame < 5; frame += 1) pace.learn(spec, 500);
  pace.learn(spec, 3_600_000);
  assert.ok((pace.estimate([spec]) as number) < 1100, `${pace.estimate([spec])}`);
  for (let frame = 0; frame < 8; frame += 1) pace.learn(spec, 500);
  assert.ok((pace.estimate([spec]) as number) < 520);
  // Where every frame has become slow, the estimate follows.
  for (let frame = 0; frame < 8; frame += 1) pace.learn(spec, 20_000);
  assert.ok((pace.estimate([spec]) as number) > 15_000);
});

test('on a full disk a pace is known as long as the project is open, and no more fails', (context) => {
  const mount = mountTmpfs(context, 4);
  if (mount === undefined) return context.skip('mounting needs root');
  const store = openStore(join(mount.folder, 'a.inbetween'), { create: true, clock: Date.now });
  context.after(() => store.close());
  for (const bytes of [200_000, 8000, 1]) {
    assert.throws(
      () => {
        for (let frame = 0; frame < 10_000; frame += 1)
          store.putArtifacts([testArtifact('frame', `${bytes} ${frame}`, bytes)]);
      },
      { code: 'disk-full' },
    );
  }
  assert.throws(() => store.setSetting('other', 1), { code: 'disk-full' });

  const pace = createPace(store, createMachinePace(mount.folder));
  pace.learn(spec, 500);
  pace.save();
  assert.equal(pace.estimate([spec, spec]), 1000);
});
