import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { createDownloads } from './downloads.ts';

test('the newest files can be fetched; those before leave the disk, and all do at the end', async () => {
  const downloads = createDownloads(2);
  const files = ['one', 'two', 'three', 'four'].map((name) => {
    const file = join(downloads.folder(), 'film.gif');
    writeFileSync(file, name);
    downloads.keep(name, file);
    return file;
  });
  assert.deepEqual(
    ['one', 'two', 'three', 'four', 'five'].map((name) => downloads.find(name)),
    [undefined, undefined, files[2], files[3], undefined],
  );
  const root = dirname(dirname(files[0] as string));
  await downloads.cleared();
  assert.equal(readdirSync(root).length, 2);
  await downloads.close();
  assert.equal(existsSync(root), false);
});
