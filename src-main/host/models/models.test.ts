import assert from 'node:assert/strict';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AppError } from '../../../src-shared/kernel/errors.ts';
import { temporaryFolder, tinyModel } from '../../../test/support/model-fixtures.ts';
import { discoverModels, type ModelRoot, userModelsFolder } from './discover.ts';
import { createFileHashes, fingerprintModel } from './fingerprint.ts';
import { readModel } from './read-model.ts';
import { resolveModel } from './resolve.ts';

const hashes = () => createFileHashes(null);

test('two copies of a model have one fingerprint, wherever they lie', async (t) => {
  const [a, b] = [tinyModel(t), tinyModel(t, 'renamed')];
  assert.equal(await fingerprintModel(a, hashes()), await fingerprintModel(b, hashes()));
});

test('what is written about a model does not change its fingerprint', async (t) => {
  const folder = tinyModel(t);
  const before = await fingerprintModel(folder, hashes());
  for (const name of [
    'README.md',
    'LICENSE',
    'LICENSE.txt',
    'inbetween.json',
    '.gitattributes',
    'sample.png',
  ]) {
    writeFileSync(join(folder, name), '{}');
  }
  assert.equal(await fingerprintModel(folder, hashes()), before);
});

for (const path of ['model_index.json', 'unet/model.onnx', 'unet/config.json', 'tokenizer/merges.txt']) {
  test(`a change of ${path} changes the fingerprint`, async (t) => {
    const folder = tinyModel(t);
    const before = await fingerprintModel(folder, hashes());
    writeFileSync(join(folder, path), 'changed');
    assert.notEqual(await fingerprintModel(folder, hashes()), before);
  });
}

test('weights in a file of any name belong to the fingerprint', async (t) => {
  const folder = tinyModel(t);
  const external = new URL('../../../test/fixtures/onnx/external', import.meta.url);
  cpSync(external, join(folder, 'unet'), { recursive: true });
  const before = await fingerprintModel(folder, hashes());
  writeFileSync(join(folder, 'unet/model.onnx_data'), Buffer.alloc(4096, 1));
  assert.notEqual(await fingerprintModel(folder, hashes()), before);
});

test('hashes are remembered by size and time, also across processes', async (t) => {
  const store = join(temporaryFolder(t), 'cache', 'hashes.json');
  const file = join(temporaryFolder(t), 'weights');
  const time = new Date('2026-01-01');
  const write = (fill: number): void => {
    writeFileSync(file, Buffer.alloc(2 * 1024 * 1024, fill));
    utimesSync(file, time, time);
  };
  write(1);
  const first = await createFileHashes(store).hash(file);
  write(2);
  assert.equal(await createFileHashes(store).hash(file), first, 'neither size nor time changed');
  utimesSync(file, new Date(), new Date());
  assert.notEqual(await createFileHashes(store).hash(file), first);
  writeFileSync(store, 'garbled');
  assert.match(await createFileHashes(store).hash(file), /^[0-9a-f]{64}$/);
});

test('a model is read as its texts, its components and its fingerprint', async (t) => {
  const folder = tinyModel(t);
  rmSync(join(folder, 'vae_encoder/model.onnx'));
  const model = await readModel(folder, hashes());
  assert.equal(model.folder, folder);
  assert.equal(model.fingerprint, await fingerprintModel(folder, hashes()));
  assert.equal(JSON.parse(model.files['unet/config.json'] ?? '')['cross_attention_dim'], 8);
  assert.ok(model.files['tokenizer/merges.txt']?.startsWith('#version'));
  assert.deepEqual(model.components, {
    scheduler: false,
    text_encoder: true,
    tokenizer: false,
    unet: true,
    vae_decoder: true,
    vae_encoder: false,
  });
});

test('a model of links into a download cache is read like any other', async (t) => {
  const folder = tinyModel(t);
  const before = await fingerprintModel(folder, hashes());
  const blobs = temporaryFolder(t);
  renameSync(join(folder, 'unet/model.onnx'), join(blobs, 'blob'));
  symlinkSync(join(blobs, 'blob'), join(folder, 'unet/model.onnx'));
  renameSync(join(folder, 'tokenizer'), join(blobs, 'tokenizer'));
  symlinkSync(join(blobs, 'tokenizer'), join(folder, 'tokenizer'));
  assert.equal(await fingerprintModel(folder, hashes()), before);
});

test('a link to a file that is gone is refused by name', async (t) => {
  for (const path of ['unet/model.onnx', 'unet/config.json']) {
    const folder = tinyModel(t);
    rmSync(join(folder, path));
    symlinkSync(join(folder, 'gone'), join(folder, path));
    await assert.rejects(readModel(folder, hashes()), (error: AppError) => {
      assert.equal(error.code, 'invalid-model');
      assert.match(error.message, new RegExp(`^${path} of the model folder cannot be read: ENOENT`));
      return true;
    });
  }
});

test('a folder that is not there is an error of the input', async (t) => {
  await assert.rejects(readModel(join(temporaryFolder(t), 'nothing'), hashes()), { code: 'not-found' });
});

test('installed models are the subfolders with a model index', async (t) => {
  const [user, embedded] = [temporaryFolder(t), temporaryFolder(t)];
  const install = (root: string, name: string, card?: string): void => {
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, 'model_index.json'), '{}');
    if (card) writeFileSync(join(root, name, 'inbetween.json'), card);
  };
  install(user, 'zebra');
  install(user, 'both');
  install(user, '.import-1');
  install(embedded, 'both');
  install(embedded, 'fluent', '{"title": "Fluent"}');
  mkdirSync(join(embedded, 'training'));
  const roots: ModelRoot[] = [
    { origin: 'user', folder: user },
    { origin: 'embedded', folder: embedded },
    { origin: 'user', folder: join(user, 'missing') },
  ];
  const models = await discoverModels(roots);
  assert.deepEqual(
    models.map(({ name, origin, title }) => [name, origin, title]),
    [
      ['both', 'user', null],
      ['fluent', 'embedded', 'Fluent'],
      ['zebra', 'user', null],
    ],
  );

  assert.equal(await resolveModel('fluent', roots, '/'), join(embedded, 'fluent'));
  assert.equal(await resolveModel('./both', roots, embedded), join(embedded, 'both'));
  assert.equal(await resolveModel(join(user, 'zebra'), roots, '/'), join(user, 'zebra'));
  await assert.rejects(resolveModel('nothing', roots, user), {
    code: 'not-found',
    message:
      'There is no model "nothing": it is neither an installed model (installed: both, fluent, zebra) nor a folder.',
  });
  await assert.rejects(resolveModel('', roots, user), { code: 'not-found' });
});

test('user models live in the data folder of the platform', () => {
  const at = (platform: NodeJS.Platform, env: Record<string, string>): string =>
    userModelsFolder({ platform, env, home: '/home/ada' });
  assert.equal(at('linux', {}), '/home/ada/.local/share/inbetween/models');
  assert.equal(at('linux', { XDG_DATA_HOME: '/data' }), '/data/inbetween/models');
  assert.equal(at('linux', { XDG_DATA_HOME: 'relative' }), '/home/ada/.local/share/inbetween/models');
  assert.equal(at('darwin', {}), '/home/ada/Library/Application Support/inbetween/models');
});

test('nothing that was read is written back', async (t) => {
  const folder = tinyModel(t);
  const before = readdirSync(folder, { recursive: true }).sort();
  await readModel(folder, hashes());
  assert.deepEqual(readdirSync(folder, { recursive: true }).sort(), before);
});
