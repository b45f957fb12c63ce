import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
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

describe('Sources as users have them', () => {
  for (const [name, what] of Object.entries({
    pickled: '.bin files, of either layout of torch.save,',
    sharded: 'shards and their index',
    'sharded-variant': 'shards of the fp16 variant',
    variant: 'a variant alone, whole or in shards,',
    'beside-a-variant': 'plain safetensors beside a variant and a .bin file',
  })) {
    test(`${what} load bit for bit as the plain pipeline`, async () => {
      assert.equal((await sources()).forms[name], true);
    });
  }
});

describe('A source that is damaged or hostile is refused: the message names the file, the exit status is 2, nothing is left', () => {
  for (const [name, [what, said]] of Object.entries<[string, RegExp]>({
    cut: [
      'safetensors that are cut short',
      /unet.diffusion_pytorch_model\.safetensors is no whole safetensors file/,
    ],
    'cut-pickle': ['a .bin file that is cut short', /text_encoder.pytorch_model\.bin is cut short/],
    code: [
      'an archive whose pickle runs code',
      /pytorch_model\.bin is not a checkpoint of tensors alone.*posix\.system/,
    ],
    'code-plain': [
      'a pickle that runs code',
      /pytorch_model\.bin is not a checkpoint of tensors alone.*posix\.system/,
    ],
    'code-renamed': [
      'a pickle that is called safetensors',
      /text_encoder.model\.safetensors is no whole safetensors file/,
    ],
    bomb: ['an archive that unpacks to more than it is', /pytorch_model\.bin is compressed/],
    repeated: [
      'a tensor that repeats one number 10^11 times',
      /pytorch_model\.bin has [\d,]+ bytes, but weight is \[1000000, 100000\]/,
    ],
    climbing: [
      'an index that names a file outside of its folder',
      /model\.safetensors\.index\.json names '\.\.\/unet\/.*accepted: weight files beside it/,
    ],
    'missing-shard': [
      'a shard that is missing',
      /model-00002-of-00002\.safetensors is missing, which model\.safetensors\.index\.json names/,
    ],
    'missing-index': ['shards without an index', /text_encoder has shards .*but no index/],
    'other-shapes': [
      'weights of other shapes',
      /text_encoder does not load as CLIPTextModel: its weights have other shapes/,
    ],
    'missing-tensor': [
      'weights that lack a tensor',
      /text_encoder: the weights lack 1 tensors of CLIPTextModel, such as/,
    ],
    'missing-part': ['a missing component', /vae.config\.json is missing/],
    'no-json': ['a config.json that is no JSON', /unet.config\.json is not readable JSON/],
    'nested-json': ['a config.json of 100,000 brackets', /unet.config\.json is not readable JSON/],
    tokenizer: ['a damaged tokenizer', /tokenizer.tokenizer\.json is not readable JSON/],
    lfs: ["Git LFS's note of a file", /model\.safetensors.*run git lfs pull/],
    flax: [
      'weights of another framework',
      /unet has no weights; expected .*there is diffusion_flax_model\.msgpack/,
    ],
    onnx: ['a folder that is ONNX already', /is ONNX already .* needs no export: .*--model/],
    'reuse-changed': [
      'an earlier export whose files were changed',
      /text_encoder.model\.onnx is not what inbetween-export\.json says/,
    ],
    'reuse-nothing': ['an earlier export that is none', /--reuse .*tiny-sd1 is no exported folder/],
    'single-file': [
      'a checkpoint in one file',
      /v1-5-pruned\.safetensors is a single file.*from_single_file/,
    ],
  })) {
    test(what, async () => {
      const { refused, codeRan } = await sources();
      assert.match(refused[name]?.said ?? '', said);
      assert.doesNotMatch(refused[name]?.said ?? '', /Traceback/);
      assert.deepEqual({ ...refused[name], said: '' }, { status: 2, said: '', left: [] });
      assert.ok(!codeRan);
    });
  }
});

interface Sources {
  readonly forms: Readonly<Record<string, boolean>>;
  readonly refused: Readonly<
    Record<string, { readonly status: number; readonly said: string; readonly left: string[] }>
  >;
  readonly codeRan: boolean;
}

let found: Promise<Sources> | undefined;

/** What damaged_sources.py found, which runs once. */
function sources(): Promise<Sources> {
  found ??= (async () => {
    const scratch = await mkdtemp(join(folder, 'sources-'));
    const source = join(fixtures, 'source', 'tiny-sd1');
    const maker = join(import.meta.dirname, 'damaged_sources.py');
    const exported = join(fixtures, 'models', 'tiny-sd1');
    const folders = ['--source', source, '--exported', exported, '--scratch', scratch];
    const { status, stdout, stderr } = await runPython(maker, ...folders);
    assert.equal(status, 0, stderr);
    return { ...(JSON.parse(stdout) as Sources), codeRan: existsSync(join(scratch, 'code-ran')) };
  })();
  return found;
}

function runExport(...args: string[]): Promise<{ status: number | null; stderr: string }> {
  return runPython(script, ...args);
}

function runPython(...args: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
    const child = spawn(interpreter, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
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
