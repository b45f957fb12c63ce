import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { removeAbandoned } from './abandoned.ts';
import { fileFailureOf } from './file-failure.ts';
import { removeAbandonedParts, replaceWhole, writeWholeFile, writeWholeFileSync } from './whole-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inbetween-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a file shows what was there until the new one is whole', async () => {
  const file = join(folder, 'settings.json');
  await writeFile(file, 'old');
  await replaceWhole(file, async (part) => {
    await writeFile(part, 'new');
    assert.equal(await readFile(file, 'utf8'), 'old');
  });
  assert.equal(await readFile(file, 'utf8'), 'new');
  assert.deepEqual(await readdir(folder), ['settings.json']);
});

test('what fails half-way leaves the old file and no part, and its error comes through', async () => {
  const file = join(folder, 'film.gif');
  await writeFile(file, 'old');
  const failing = replaceWhole(file, async (part) => {
    await writeFile(part, 'ha');
    throw new Error('the encoder died');
  });
  await assert.rejects(failing, /the encoder died/);
  assert.equal(await readFile(file, 'utf8'), 'old');
  assert.deepEqual(await readdir(folder), ['film.gif']);
});

test('of two writers to one name each has a part of its own, and the last one stays', async () => {
  const file = join(folder, 'copy.inbetween');
  const parts: string[] = [];
  const write = (text: string) =>
    replaceWhole(file, async (part) => {
      parts.push(part);
      await writeFile(part, text);
    });
  await Promise.all([write('a'.repeat(1e5)), write('b'.repeat(1e5))]);
  assert.notEqual(parts[0], parts[1]);
  assert.ok(parts.every((part) => part.endsWith('copy.inbetween')));
  assert.match(await readFile(file, 'utf8'), /^(a{100000}|b{100000})$/);
  assert.deepEqual(await readdir(folder), ['copy.inbetween']);
});

test('the name of a part tells whose it is and what it is to become', async () => {
  const part = await replaceWhole(join(folder, 'a film.gif'), async (path) => {
    await writeFile(path, '');
    return basename(path);
  });
  assert.match(part, new RegExp(`^\\.part-${process.pid}\\.\\d+-a film\\.gif$`));
});

test('folders on the way are made, in both ways to write', async () => {
  await writeWholeFile(join(folder, 'a', 'b', 'one.json'), '1');
  writeWholeFileSync(join(folder, 'c', 'two.json'), '2', 0o600);
  assert.equal(await readFile(join(folder, 'a', 'b', 'one.json'), 'utf8'), '1');
  assert.equal(await readFile(join(folder, 'c', 'two.json'), 'utf8'), '2');
  if (process.platform !== 'win32')
    assert.equal((await stat(join(folder, 'c', 'two.json'))).mode & 0o777, 0o600);
});

test('a name that is taken by a folder is refused and nothing is left beside it', async () => {
  await mkdir(join(folder, 'taken'));
  await assert.rejects(writeWholeFile(join(folder, 'taken'), 'x'), { code: /EISDIR|EPERM|EEXIST/ });
  assert.throws(() => writeWholeFileSync(join(folder, 'taken'), 'x'), { code: /EISDIR|EPERM|EEXIST/ });
  assert.deepEqual(await readdir(folder), ['taken']);
});

test('only Windows takes a refused file for one that another program has open', () => {
  const failure = (code: string, platform: NodeJS.Platform) =>
    fileFailureOf(Object.assign(new Error(code), { code }), platform);
  assert.equal(failure('EPERM', 'win32'), 'in-use');
  assert.equal(failure('EPERM', 'linux'), 'read-only');
  assert.equal(failure('EBUSY', 'linux'), 'in-use');
  assert.equal(failure('EROFS', 'win32'), 'read-only');
  assert.equal(failure('EDQUOT', 'darwin'), 'disk-full');
  assert.equal(failure('ENOENT', 'linux'), undefined);
  assert.equal(fileFailureOf(undefined), undefined);
});

test('what a killed writer has left goes; what living ones write, and parts of other names, stay', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const target = join(folder, 'a.gif');
  const [left, another] = [`.part-${child.pid}.1-a.gif`, `.part-${child.pid}.2-b.gif`];
  const names = [left, another, '.part-of-a-name', 'a.gif'];
  await Promise.all(names.map((name) => writeFile(join(folder, name), '')));
  await removeAbandonedParts(target);
  assert.deepEqual((await readdir(folder)).sort(), names.toSorted());
  child.kill('SIGKILL');
  await once(child, 'exit');
  await replaceWhole(target, async (part) => {
    await writeFile(part, 'new');
    // Of this process: one that is being written, one that nobody writes.
    await writeFile(join(folder, `.part-${process.pid}.0-a.gif`), '');
    await removeAbandonedParts(target);
    assert.deepEqual(
      (await readdir(folder)).sort(),
      [basename(part), another, '.part-of-a-name', 'a.gif'].sort(),
    );
  });
  assert.equal(await readFile(target, 'utf8'), 'new');
});

test('folders of hosts that were killed are removed, those of living ones and of this process stay', async () => {
  const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
  await once(child, 'exit');
  const names = [`host-${child.pid}`, `host-${process.pid}`, `host-${process.ppid}`, 'other'];
  await Promise.all(names.map((name) => mkdir(join(folder, name))));
  await removeAbandoned(folder, (name) => (name.startsWith('host-') ? Number(name.slice(5)) : undefined));
  assert.deepEqual((await readdir(folder)).sort(), names.slice(1).sort());
});
