import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { testStudio, tinyDocument } from '../../../test/support/studio.ts';

test('a copy never takes the place of a project that is open, whatever name it is reached by', async (context) => {
  if (process.platform === 'win32') return context.skip('making links needs a privilege there');
  const studio = await testStudio(context, 'in-process');
  const client = await studio.connect();
  mkdirSync(studio.path('films'));
  symlinkSync(studio.path('films'), studio.path('link'));
  const file = join(studio.path('films'), 'morph.inbetween');
  const { project } = await client.call('project.create', { file, document: tinyDocument() });

  const through = join(studio.path('link'), 'morph.inbetween');
  for (const target of [file, through]) {
    await assert.rejects(client.call('library.saveCopy', { project, file: target }), {
      code: 'invalid-input',
      message: `${target} is open here; give the copy another name.`,
    });
  }
  const free = join(studio.path('link'), 'copy.inbetween');
  const saved = await client.call('library.saveCopy', { project, file: free });
  assert.equal(saved.file, free);
  const sent = await client.call('library.saveCopy', { project });
  assert.deepEqual([sent.file, sent.name], [null, 'Tiny.inbetween']);
  const copy = await client.call('project.open', { file: free });
  assert.equal(copy.document.name, 'Tiny');
});
