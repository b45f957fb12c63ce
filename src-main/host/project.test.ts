import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { documentOf } from '../../test/support/documents.ts';
import { importDocument, openProject } from './project.ts';
import { mountTmpfs } from './store/test-mount.ts';
import { testFolder } from './store/test-folder.ts';

test('a project that does not fit on the disk leaves nothing behind', async (context) => {
  const mount = mountTmpfs(context, 1);
  if (mount === undefined) return context.skip('mounting needs root');
  const folder = testFolder(context);
  const noise = { raw: { width: 1024, height: 1024, channels: 3 as const } };
  writeFileSync(
    join(folder, 'noise.png'),
    await sharp(randomBytes(1024 * 1024 * 3), noise)
      .png()
      .toBuffer(),
  );
  const document = documentOf({
    keyframes: [{ frame: 0, prompt: 'red cat', initImage: 'noise.png' }],
  });
  await assert.rejects(importDocument(document, folder, join(mount.folder, 'a.inbetween'), Date.now), {
    code: 'disk-full',
  });
  assert.deepEqual(readdirSync(mount.folder), []);
});

test('a picture that was missing is found once it is there again', async (context) => {
  const folder = testFolder(context);
  const path = (name: string): string => join(folder, name);
  const red = { create: { width: 4, height: 4, channels: 3 as const, background: 'red' } };
  await sharp(red).png().toFile(path('red.png'));
  const document = documentOf({ keyframes: [{ frame: 0, prompt: 'red cat', initImage: 'red.png' }] });
  writeFileSync(path('a.json'), JSON.stringify(document));
  const options = { clock: Date.now, sharedCache: path('frames.inbetween'), maxCacheBytes: 1e6 };
  const project = await openProject(path('a.json'), options);
  context.after(() => project.close());
  const [sha256] = project.assetKeys.values();

  renameSync(path('red.png'), path('away.png'));
  await assert.rejects(project.asset(sha256 as string, 'whole'), {
    code: 'invalid-asset',
    message: /red\.png cannot be read/,
  });
  renameSync(path('away.png'), path('red.png'));
  const { width, height } = await project.asset(sha256 as string, 'whole');
  assert.deepEqual([width, height], [4, 4]);
});
