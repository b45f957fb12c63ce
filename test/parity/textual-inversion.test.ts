import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { python } from '../../scripts/python-env.ts';
import { readEmbedding } from '../../src-main/engine/embedding-files/read-embedding.ts';
import { parityFixtures } from './fixtures.ts';

const script = join(import.meta.dirname, '..', '..', 'models', 'textual_inversion', 'train_sd.py');
const fixtures = await parityFixtures();
const folder = await mkdtemp(join(tmpdir(), 'inbetween-inversion-'));
after(() => rm(folder, { recursive: true, force: true }));

test('a word is learned in a few steps, and a second run goes on where the first ended', async () => {
  const pictures = join(folder, 'pictures');
  for (const size of ['48x32', '64x64'])
    await cp(join(fixtures, 'inputs', `picture-${size}.png`), join(pictures, `${size}.png`));
  const out = join(folder, 'out');
  const train = async (epochs: number) => {
    const options = {
      model: join(fixtures, 'source', 'tiny-sd1'),
      data_root: pictures,
      placeholder_token: 'sapsan',
      initializer_token: 'fox',
      num_vectors: 2,
      output_dir: out,
      img_size: 32,
      log_image_frequency: 1,
      log_embed_frequency: 1,
      sample_steps: 2,
      learning_rate: 1e-2,
      epochs,
    };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const env = { ...process.env, OMP_NUM_THREADS: '1', PYTHONDONTWRITEBYTECODE: '1' };
    return (await promisify(execFile)(await python(), [script, ...args], { env })).stdout;
  };
  const read = async () => readEmbedding(await readFile(join(out, 'learned_embeds.safetensors')), 'x');
  await train(1);
  const first = await read();
  assert.equal(first.token, 'sapsan');
  assert.deepEqual(first.vectors[0]?.rows.dims, [2, 32]);
  assert.deepEqual(
    await readFile(join(out, '1_epoch_embeds.safetensors')),
    await readFile(join(out, 'learned_embeds.safetensors')),
  );
  assert.match(await train(2), /Going on after epoch 1/);
  const { losses } = JSON.parse(await readFile(join(out, 'losses.json'), 'utf8')) as { losses: number[] };
  assert.equal(losses.length, 4);
  assert.ok(losses.every(Number.isFinite));
  assert.notDeepEqual((await read()).vectors[0]?.rows.data, first.vectors[0]?.rows.data);
  assert.deepEqual(
    [...(await readFile(join(out, 'images', '1_epoch_images.jpg'))).subarray(0, 3)],
    [0xff, 0xd8, 0xff],
  );
});
