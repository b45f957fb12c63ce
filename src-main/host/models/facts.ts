import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readOnnxFile } from './onnx-file.ts';

/** One part of a model by its numbers. */
export interface PartFacts {
  /** Component folder. */
  readonly part: string;
  readonly parameters: number;
  /** What its configuration says of its architecture, in reading order. */
  readonly facts: readonly { readonly name: string; readonly value: string }[];
}

/** Keys of diffusers' and transformers' configurations, and what they are called here. */
const NAMES: readonly (readonly [name: string, keys: readonly string[]])[] = [
  ['layers', ['num_hidden_layers', 'num_layers']],
  ['width', ['hidden_size', 'd_model']],
  ['heads', ['num_attention_heads', 'num_heads']],
  ['head width', ['attention_head_dim']],
  ['embedding width', ['embedding_dim', 'projection_dim', 'numDims']],
  ['vocabulary', ['vocab_size']],
  ['text length', ['max_position_embeddings', 'num_embeddings']],
  ['input channels', ['in_channels']],
  ['output channels', ['out_channels']],
  ['latent channels', ['latent_channels']],
  ['channels of its levels', ['block_out_channels']],
  ['blocks of a level', ['layers_per_block']],
  ['text width', ['cross_attention_dim']],
  ['codes', ['num_vq_embeddings']],
  ['picture size', ['image_size']],
  ['patch size', ['patch_size']],
];

/** The parts of a model folder that are graphs, largest first. Reads the outlines of their files, not their weights. */
export async function modelFacts(folder: string): Promise<PartFacts[]> {
  const parts: PartFacts[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const graph = join(folder, entry.name, 'model.onnx');
    if (!entry.isDirectory() || !existsSync(graph)) continue;
    const { parameters } = readOnnxFile(graph);
    const config = await readFile(join(folder, entry.name, 'config.json'), 'utf8').catch(() => '{}');
    parts.push({ part: entry.name, parameters, facts: factsOf(JSON.parse(config) as Config) });
  }
  return parts.sort((a, b) => b.parameters - a.parameters);
}

type Config = Readonly<Record<string, unknown>>;

function factsOf(config: Config): PartFacts['facts'] {
  const facts = NAMES.flatMap(([name, keys]) => {
    const value = keys.map((key) => config[key]).find(isNumbers);
    return value === undefined ? [] : [{ name, value: [value].flat().join(', ') }];
  });
  const [heads, width] = [config['num_attention_heads'], config['attention_head_dim']];
  if (typeof heads !== 'number' || typeof width !== 'number' || isNumbers(config['hidden_size']))
    return facts;
  return [...facts, { name: 'width', value: String(heads * width) }];
}

function isNumbers(value: unknown): value is number | number[] {
  return [value].flat().every((one) => typeof one === 'number') && value !== undefined;
}
