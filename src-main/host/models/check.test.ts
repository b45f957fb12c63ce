import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ONNX_FIXTURES, temporaryFolder, tinyModel } from '../../../test/support/model-fixtures.ts';
import { startEngine } from '../../../test/support/model-engine.ts';
import { checkModel } from './check.ts';
import type { ModelRoot } from './discover.ts';
import { createFileHashes, fingerprintModel } from './fingerprint.ts';
import { importModel } from './import.ts';

const engine = startEngine();
after(() => engine.dispose());
const inspect = engine.inspect.bind(engine);

const EMBEDDED =
  process.env['INBETWEEN_TEST_MODEL'] ??
  fileURLToPath(new URL('../../../models/fluent-world', import.meta.url));

async function problemsOf(folder: string): Promise<string[]> {
  return (await checkModel(folder, { inspect })).map(({ severity, message }) => `${severity}: ${message}`);
}

test('a sound model has no problems', async (t) => {
  assert.deepEqual(await problemsOf(tinyModel(t)), []);
});

test('the embedded model has no problems', { skip: !existsSync(EMBEDDED) && 'it is not there' }, async () => {
  assert.deepEqual(await problemsOf(EMBEDDED), []);
});

test('every missing file is named at once', async (t) => {
  const folder = tinyModel(t);
  for (const path of [
    'unet/model.onnx',
    'scheduler/scheduler_config.json',
    'tokenizer',
    'model_index.json',
  ]) {
    rmSync(join(folder, path), { recursive: true });
  }
  rmSync(join(folder, 'vae_encoder'), { recursive: true });
  assert.deepEqual(await problemsOf(folder), [
    'error: model_index.json is missing: it names the pipeline.',
    'error: unet/model.onnx is missing.',
    'warning: vae_encoder/model.onnx is missing: images and masks cannot be used.',
    'error: scheduler/scheduler_config.json is missing.',
    'error: The tokenizer is missing. Accepted: tokenizer/tokenizer.json, or tokenizer/vocab.json + tokenizer/merges.txt, or tokenizer/vocab.txt.',
  ]);
});

test('a graph of another name is pointed out', async (t) => {
  const folder = tinyModel(t);
  cpSync(join(folder, 'unet/model.onnx'), join(folder, 'unet/model_fp16.onnx'));
  rmSync(join(folder, 'unet/model.onnx'));
  assert.deepEqual(await problemsOf(folder), [
    'error: unet/model.onnx is missing. There is unet/model_fp16.onnx; the file must be named model.onnx.',
  ]);
});

test('a folder that is not there is a problem, not a crash', async (t) => {
  const [problem] = await problemsOf(join(temporaryFolder(t), 'nothing'));
  assert.match(problem ?? '', /^error: There is no model folder /);
});

for (const [damage, apply] of [
  ['an empty file', (path: string) => truncateSync(path, 0)],
  ['a file cut short', (path: string) => truncateSync(path, 1000)],
  [
    'a text',
    (path: string) => writeFileSync(path, 'version https://git-lfs.github.com/spec/v1\noid sha256:1\n'),
  ],
  ['zeros', (path: string) => writeFileSync(path, Buffer.alloc(5000))],
] as const) {
  test(`${damage} in place of a graph is found`, async (t) => {
    const folder = tinyModel(t);
    apply(join(folder, 'unet/model.onnx'));
    const problems = await problemsOf(folder);
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0] ?? '', /^error: unet\/model\.onnx is no readable ONNX file: it is /);
  });
}

test('a graph that only ONNX Runtime can tell to be wrong is found', async (t) => {
  const folder = tinyModel(t);
  const path = join(folder, 'unet/model.onnx');
  const bytes = readFileSync(path);
  bytes.write('Cosh', bytes.indexOf('Conv'));
  writeFileSync(path, bytes);
  const problems = await problemsOf(folder);
  assert.equal(problems.length, 1);
  assert.match(problems[0] ?? '', /^error: ONNX Runtime cannot open unet\/model\.onnx: /);
});

test('a U-Net for text embeddings of another width is found', async (t) => {
  const folder = tinyModel(t);
  cpSync(join(ONNX_FIXTURES, 'unet-hidden-16.onnx'), join(folder, 'unet/model.onnx'));
  assert.deepEqual(await problemsOf(folder), [
    "error: The U-Net's cross-attention takes text embeddings 16 wide, but the text encoder's are 8 wide: they are of different models.",
  ]);
});

test('a U-Net for latents of another VAE is found', async (t) => {
  const folder = tinyModel(t);
  cpSync(join(ONNX_FIXTURES, 'unet-latents-9.onnx'), join(folder, 'unet/model.onnx'));
  // Nine channels in would be an inpainting model's; nine out are nobody's.
  assert.deepEqual(await problemsOf(folder), [
    'error: The U-Net predicts 9 latent channels, but the VAE decoder takes 4.',
  ]);
});

test("components in one another's place are found", async (t) => {
  const folder = tinyModel(t);
  cpSync(join(folder, 'vae_decoder/model.onnx'), join(folder, 'text_encoder/model.onnx'));
  const problems = await problemsOf(folder);
  assert.deepEqual(problems, [
    'error: text_encoder/model.onnx has no input "input_ids". It has: latent_sample float32[batch, 4, height, width].',
    'error: text_encoder/model.onnx has no output "last_hidden_state". It has: sample float32[batch, 3, image_height, image_width].',
  ]);
});

test('JSON that is none and a tokenizer that is none are found together', async (t) => {
  const folder = tinyModel(t);
  writeFileSync(join(folder, 'unet/config.json'), '{');
  writeFileSync(join(folder, 'tokenizer/tokenizer.json'), '[]');
  const problems = await problemsOf(folder);
  assert.equal(problems.length, 2, problems.join('\n'));
  assert.match(problems[0] ?? '', /^error: unet\/config\.json cannot be read: /);
  assert.match(problems[1] ?? '', /tokenizer\.json/);
});

test('a pipeline of another kind is refused', async (t) => {
  const folder = tinyModel(t);
  writeFileSync(join(folder, 'model_index.json'), '{"_class_name": "FluxPipeline"}');
  const problems = await problemsOf(folder);
  assert.equal(problems.length, 1);
  assert.match(problems[0] ?? '', /FluxPipeline/);
});

function withExternalWeights(t: TestContext): string {
  const folder = tinyModel(t);
  rmSync(join(folder, 'vae_encoder'), { recursive: true });
  cpSync(join(ONNX_FIXTURES, 'external'), join(folder, 'vae_encoder'), { recursive: true });
  return folder;
}

test('weights in another file that are missing or cut short are found', async (t) => {
  const folder = withExternalWeights(t);
  const data = join(folder, 'vae_encoder/model.onnx_data');
  truncateSync(data, 100);
  assert.deepEqual(await problemsOf(folder), [
    'error: vae_encoder/model.onnx_data is cut short: it has 100 bytes, vae_encoder/model.onnx needs 4096.',
  ]);
  rmSync(data);
  assert.deepEqual(await problemsOf(folder), [
    'error: vae_encoder/model.onnx_data is missing: vae_encoder/model.onnx keeps weights in it.',
  ]);
});

for (const location of ['../model.onnx_dat', '/etc/hostname_xx', 'C:\\secret\\file_x']) {
  test(`weights in ${location} are refused`, async (t) => {
    const folder = withExternalWeights(t);
    const path = join(folder, 'vae_encoder/model.onnx');
    const bytes = readFileSync(path);
    const name = location.slice(0, 'model.onnx_data'.length).padEnd('model.onnx_data'.length, 'x');
    bytes.write(name, bytes.indexOf('model.onnx_data'));
    writeFileSync(path, bytes);
    const problems = await problemsOf(folder);
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.ok(problems[0]?.includes(`keeps weights in "${name}", outside of its folder`));
  });
}

test('weights outside of the folder are refused in the graph for learned words as well', async (t) => {
  const folder = tinyModel(t);
  const bytes = readFileSync(join(ONNX_FIXTURES, 'external/model.onnx'));
  bytes.write('../model.onnx_d', bytes.indexOf('model.onnx_data'));
  writeFileSync(join(folder, 'text_encoder/model_embeddings.onnx'), bytes);
  const problems = await problemsOf(folder);
  assert.equal(problems.length, 1, problems.join('\n'));
  assert.match(
    problems[0] ?? '',
    /text_encoder\/model_embeddings\.onnx keeps weights in "\.\.\/model\.onnx_d"/,
  );
});

test('a model is imported whole, with its licence and without what nobody needs', async (t) => {
  const source = tinyModel(t, 'my-model');
  for (const name of ['README.md', 'LICENSE', 'inbetween.json'])
    writeFileSync(join(source, name), '{"title": "Mine"}');
  writeFileSync(join(source, 'unet/diffusion_pytorch_model.safetensors'), 'large');
  const roots = rootsIn(t);
  const progress: number[] = [];
  const { model, problems } = await importModel(source, {
    roots,
    inspect,
    onProgress: (copied, total) => progress.push(copied / total),
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(model, {
    name: 'my-model',
    origin: 'user',
    kind: 'pictures',
    folder: join(userRoot(roots), 'my-model'),
    title: 'Mine',
  });
  const hashes = createFileHashes(null);
  assert.equal(await fingerprintModel(model.folder, hashes), await fingerprintModel(source, hashes));
  assert.deepEqual(
    readdirSync(model.folder)
      .filter((name) => !name.includes('_'))
      .sort(),
    ['LICENSE', 'README.md', 'inbetween.json', 'scheduler', 'tokenizer', 'unet'],
  );
  assert.deepEqual(readdirSync(join(model.folder, 'unet')).sort(), ['config.json', 'model.onnx']);
  assert.equal(progress.at(-1), 1);
  await assert.rejects(importModel(source, { roots, inspect, name: 'MY-MODEL' }), {
    code: 'invalid-input',
    message: /A model named "my-model" is installed in /,
  });
});

test('a bad model is not imported and leaves nothing', async (t) => {
  const source = tinyModel(t);
  writeFileSync(join(source, 'unet/model.onnx'), 'garbled');
  const roots = rootsIn(t);
  await assert.rejects(importModel(source, { roots, inspect }), {
    code: 'invalid-model',
    message: /cannot be imported:\n- unet\/model\.onnx is no readable ONNX file/,
  });
  assert.deepEqual(readdirSync(userRoot(roots)), []);
});

test('a cancelled import leaves nothing', async (t) => {
  const roots = rootsIn(t);
  const abort = new AbortController();
  const importing = importModel(tinyModel(t), {
    roots,
    inspect,
    signal: abort.signal,
    onProgress: () => abort.abort(),
  });
  await assert.rejects(importing, { code: 'cancelled' });
  assert.deepEqual(readdirSync(userRoot(roots)), []);
});

for (const name of ['', '..', 'a/b', '.hidden', 'con', 'nul.onnx', 'x'.repeat(65), 'ends.', 'ü']) {
  test(`"${name.slice(0, 10)}" is no name for a model`, async (t) => {
    await assert.rejects(importModel(tinyModel(t), { roots: rootsIn(t), inspect, name }), {
      code: 'invalid-input',
    });
  });
}

function rootsIn(t: TestContext): ModelRoot[] {
  return [
    { origin: 'embedded', folder: temporaryFolder(t) },
    { origin: 'user', folder: temporaryFolder(t) },
  ];
}

function userRoot(roots: readonly ModelRoot[]): string {
  return roots.find(({ origin }) => origin === 'user')?.folder ?? '';
}
