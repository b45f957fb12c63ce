import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { documentOf } from '../../test/support/documents.ts';
import { importDocument } from './project.ts';
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
