import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { modelFacts } from './facts.ts';

const folder = join(import.meta.dirname, '..', '..', '..', 'models', 'fluent-world');

test('the facts of a model are the parameters in its files and the numbers of its configurations', async () => {
  const parts = await modelFacts(folder);
  assert.deepEqual(parts.map(({ part }) => part).sort(), [
    'text_encoder',
    'unet',
    'vae_decoder',
    'vae_encoder',
  ]);
  const text = parts.find(({ part }) => part === 'text_encoder')!;
  const config = JSON.parse(await readFile(join(folder, 'text_encoder', 'config.json'), 'utf8')) as Record<
    'hidden_size' | 'intermediate_size' | 'num_hidden_layers' | 'vocab_size' | 'max_position_embeddings',
    number
  >;
  const width = config.hidden_size;
  const linear = (from: number, to: number): number => from * to + to;
  const norm = 2 * width;
  const layer =
    4 * linear(width, width) +
    linear(width, config.intermediate_size) +
    linear(config.intermediate_size, width) +
    2 * norm;
  const tables = (config.vocab_size + config.max_position_embeddings) * width;
  const counted = tables + config.num_hidden_layers * layer + norm;
  // The scales of weights in 8 bits are numbers of the file too: one for each row.
  assert.ok(
    text.parameters >= counted && text.parameters < 1.005 * counted,
    `${text.parameters}, ${counted}`,
  );
  const told = Object.fromEntries(text.facts.map(({ name, value }) => [name, value]));
  assert.deepEqual(
    [told['layers'], told['width'], told['vocabulary'], told['text length']],
    [config.num_hidden_layers, width, config.vocab_size, config.max_position_embeddings].map(String),
  );
});
