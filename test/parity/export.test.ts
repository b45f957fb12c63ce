import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, mkdir, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { python } from '../../scripts/python-env.ts';
import { parityFixtures } from './fixtures.ts';

const script = join(import.meta.dirname, '..', '..', 'models', 'export', 'export.py');
const fixtures = await parityFixtures();
const interpreter = await python();
const folder = await mkdtemp(join(tmpdir(), 'inbetween-export-'));
after(() => rm(folder, { recursive: true, force: true }));

interface Gate {
  readonly against: string;
  readonly sizes: Record<string, number>;
  readonly maxShare: number;
  readonly bound: number;
}

interface Manifest {
  readonly opset: number;
  readonly versions: Record<string, string>;
  readonly components: Record<
    string,
    {
      inputs: { name: string; type: string; dims: (string | number)[] }[];
      outputs: { name: string }[];
      gates: Gate[];
    }
  >;
  readonly files: Record<string, { bytes: number; sha256: string }>;
}

test('an exported folder lists every file with its hash, the versions it was made with and what was compared', async () => {
  for (const model of ['tiny-sd1', 'tiny-lcm-fp16']) {
    const exported = join(fixtures, 'models', model);
    const manifest = JSON.parse(await readFile(join(exported, 'inbetween-export.json'), 'utf8')) as Manifest;
    const files = await filesBelow(exported);
    assert.deepEqual(
      Object.keys(manifest.files).sort(),
      files.filter((file) => file !== 'inbetween-export.json'),
    );
    for (const [file, { bytes, sha256 }] of Object.entries(manifest.files)) {
      const content = await readFile(join(exported, file));
      assert.equal(content.length, bytes, file);
      assert.equal(createHash('sha256').update(content).digest('hex'), sha256, file);
    }
    assert.equal(manifest.opset, 20);
    assert.ok(manifest.versions.torch);
    assert.deepEqual(Object.keys(manifest.components), [
      'text_encoder',
      'unet',
      'vae_encoder',
      'vae_decoder',
    ]);
    for (const { gates } of Object.values(manifest.components)) {
      assert.ok(new Set(gates.map(({ sizes }) => JSON.stringify(sizes))).size >= 2);
      for (const { maxShare, bound } of gates) assert.ok(maxShare <= bound);
    }
  }
});

test('an exported folder has the files, inputs and outputs of the standard layout', async () => {
  const exported = join(fixtures, 'models', 'tiny-lcm-fp16');
  const { components } = JSON.parse(
    await readFile(join(exported, 'inbetween-export.json'), 'utf8'),
  ) as Manifest;
  assert.deepEqual(components.unet?.inputs, [
    { name: 'sample', type: 'float32', dims: ['batch', 4, 'height', 'width'] },
    { name: 'timestep', type: 'float32', dims: [] },
    { name: 'encoder_hidden_states', type: 'float32', dims: ['batch', 'sequence', 32] },
    { name: 'timestep_cond', type: 'float32', dims: ['batch', 32] },
  ]);
  assert.deepEqual(
    components.text_encoder?.outputs.map(({ name }) => name),
    [
      'last_hidden_state',
      'pooler_output',
      ...[0, 1, 2].map((i) => `hidden_states.${i}`),
      ...[0, 1, 2].map((i) => `normed_hidden_states.${i}`),
    ],
  );
  const files = await filesBelow(exported);
  for (const file of ['tokenizer.json', 'vocab.json', 'merges.txt'])
    assert.ok(files.includes(`tokenizer/${file}`), file);
  assert.ok(files.includes('scheduler/scheduler_config.json'));
  const index = JSON.parse(await readFile(join(exported, 'model_index.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  assert.equal(index._class_name, 'StableDiffusionPipeline');
});

test('an export names the folder or file that is missing and exits with 2', async () => {
  const out = join(folder, 'out');
  const nowhere = await runExport('--source', join(folder, 'nowhere'), '--out', out);
  assert.equal(nowhere.status, 2);
  assert.match(nowhere.stderr, /nowhere is not a folder/);
  await mkdir(join(folder, 'empty'));
  const empty = await runExport('--source', join(folder, 'empty'), '--out', out);
  assert.equal(empty.status, 2);
  assert.match(empty.stderr, /model_index\.json is missing/);
  assert.ok(!existsSync(out));
});

test('an export leaves an occupied folder untouched and exits with 2', async () => {
  const out = join(folder, 'occupied');
  await mkdir(out);
  await writeFile(join(out, 'mine.txt'), 'mine');
  const { status, stderr } = await runExport('--source', join(fixtures, 'source', 'tiny-sd1'), '--out', out);
  assert.equal(status, 2);
  assert.match(stderr, /not an empty folder/);
  assert.deepEqual(await readdir(out), ['mine.txt']);
});

test('an export of damaged weights names the component, exits with 2 and leaves nothing behind', async () => {
  const source = join(folder, 'damaged');
  await cp(join(fixtures, 'source', 'tiny-sd1'), source, { recursive: true });
  await truncate(join(source, 'text_encoder', 'model.safetensors'), 1000);
  const out = join(folder, 'from-damaged');
  const { status, stderr } = await runExport('--source', source, '--out', out);
  assert.equal(status, 2);
  assert.match(stderr, /damaged.text_encoder does not load as CLIPTextModel/);
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.includes('from-damaged')),
    [],
  );
});

test('an export of a damaged tokenizer names the file and exits with 2 before anything is exported', async () => {
  const source = join(folder, 'garbled');
  await cp(join(fixtures, 'source', 'tiny-sd1'), source, { recursive: true });
  await writeFile(join(source, 'tokenizer', 'tokenizer.json'), '{"model":');
  const out = join(folder, 'from-garbled');
  const { status, stderr } = await runExport('--source', source, '--out', out);
  assert.equal(status, 2);
  assert.match(stderr, /tokenizer.tokenizer\.json is not readable JSON/);
  assert.ok(!existsSync(out));
});

function runExport(...args: string[]): Promise<{ status: number | null; stderr: string }> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
    const child = spawn(interpreter, [script, ...args], { stdio: ['ignore', 'ignore', 'pipe'], env });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stderr }));
  });
}

async function filesBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}
