import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { commandLine } from '../support/command-line.ts';
import { TINY_SD } from '../support/model-folder.ts';

test('learned words are listed with their vectors and encoders; one without its file is told of', async (context) => {
  const cli = commandLine(context);
  mkdirSync(cli.path('words'));
  writeFileSync(cli.path('words/cat.safetensors'), safetensors({ '<cat-toy>': [2, 768] }));
  writeFileSync(cli.path('words/xl.safetensors'), safetensors({ clip_l: [1, 768], clip_g: [1, 1280] }));
  const named = ['words/cat.safetensors', '<style>=words/xl.safetensors'];
  const listed = await cli.run(['models', 'embeddings', '--embedding', ...named]);
  assert.equal(listed.status, 0, listed.stderr);
  assert.deepEqual(listed.stdout.trim().split('\n'), [
    '<cat-toy>  2 vectors of 768, Stable Diffusion 1.x  words/cat.safetensors',
    '<style>  1 vector of 768, Stable Diffusion XL, text_encoder  words/xl.safetensors',
    '<style>  1 vector of 1280, Stable Diffusion XL, text_encoder_2  words/xl.safetensors',
  ]);
  const prompt = ['--prompt', 'a photo of <dog-toy>', '--steps', '1', '--out', 'a.png'];
  const rendered = await cli.run(['image', '--model', TINY_SD, ...prompt]);
  assert.equal(rendered.status, 0, rendered.stderr);
  assert.match(rendered.stderr, /<dog-toy> looks like a learned word, and no file of it is installed/);
});

/** A safetensors file of zeros. */
function safetensors(shapes: Readonly<Record<string, readonly [number, number]>>): Uint8Array {
  let at = 0;
  const header = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const from = at;
      at += 4 * shape[0] * shape[1];
      return [name, { dtype: 'F32', shape, data_offsets: [from, at] }];
    }),
  );
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + at);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}
