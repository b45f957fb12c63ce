import { parsePythonJson } from '../../../src-shared/kernel/python-json.ts';
import type { TensorInfo } from '../../engine/ports.ts';
import type { Inspection, Report } from './check.ts';

/**
 * Reports components that cannot be opened, inputs and outputs that are missing or of the wrong type or rank, and
 * components that do not fit one another. `components` are those that were inspected. Sizes come from the graphs and, where those leave them free, from the
 * configurations.
 */
export function checkSessions(
  inspection: Inspection,
  components: readonly string[],
  texts: Readonly<Record<string, string>>,
  report: Report,
): void {
  const expectComponent = (component: string, expected: ExpectedComponent): Found | undefined =>
    components.includes(component) ? findIn(component, inspection, report, expected) : undefined;
  const text = expectComponent('text_encoder', {
    inputs: [{ names: ['input_ids'], ranks: [2], types: WHOLE }],
    optional: ['attention_mask', 'position_ids'],
    outputs: [
      { names: ['last_hidden_state', 'encoder_hidden_states', 'hidden_states'], ranks: [3], types: FLOAT },
    ],
  });
  const unet = expectComponent('unet', {
    inputs: [
      { names: ['sample'], ranks: [4], types: FLOAT },
      { names: ['timestep'], ranks: [0, 1], types: [...WHOLE, ...FLOAT] },
      { names: ['encoder_hidden_states'], ranks: [3], types: FLOAT },
    ],
    optional: ['timestep_cond'],
    outputs: [{ names: ['out_sample', 'sample'], ranks: [4], types: FLOAT }],
  });
  const decoder = expectComponent('vae_decoder', {
    inputs: [{ names: ['latent_sample', 'latent'], ranks: [4], types: FLOAT }],
    optional: [],
    outputs: [{ names: ['sample'], ranks: [4], types: FLOAT }],
  });
  const encoder = expectComponent('vae_encoder', {
    inputs: [{ names: ['sample'], ranks: [4], types: FLOAT }],
    optional: [],
    outputs: [{ names: ['latent_sample', 'latent_parameters'], ranks: [4], types: FLOAT }],
  });

  const config = (path: string, key: string): number | undefined => {
    const value = (parsePythonJson(texts[path] ?? '{}') as Record<string, unknown> | null)?.[key];
    return typeof value === 'number' ? value : undefined;
  };
  const hidden = size(text?.outputs[0], 2) ?? config('text_encoder/config.json', 'hidden_size');
  const cross = size(unet?.inputs[2], 2) ?? config('unet/config.json', 'cross_attention_dim');
  if (hidden !== undefined && cross !== undefined && hidden !== cross) {
    report(
      'error',
      'unet/model.onnx',
      `The U-Net's cross-attention takes text embeddings ${cross} wide, but the text encoder's are ${hidden} wide: they are of different models.`,
    );
  }
  const latents = size(decoder?.inputs[0], 1) ?? config('vae_decoder/config.json', 'latent_channels');
  const taken = size(unet?.inputs[0], 1) ?? config('unet/config.json', 'in_channels');
  if (latents !== undefined && taken !== undefined && taken !== latents && taken !== 2 * latents + 1) {
    report(
      'error',
      'unet/model.onnx',
      `The U-Net takes ${taken} latent channels, but the VAE decoder has ${latents}. Accepted: ${latents}, or ${2 * latents + 1} for inpainting.`,
    );
  }
  const given = size(unet?.outputs[0], 1) ?? config('unet/config.json', 'out_channels');
  if (latents !== undefined && given !== undefined && given !== latents) {
    report(
      'error',
      'unet/model.onnx',
      `The U-Net predicts ${given} latent channels, but the VAE decoder takes ${latents}.`,
    );
  }
  expectSize(decoder?.outputs[0], 1, [3], 'vae_decoder', 'colour channels', report);
  expectSize(encoder?.inputs[0], 1, [3], 'vae_encoder', 'colour channels', report);
  if (latents !== undefined) {
    // Some exports give the posterior's mean and logarithm of the variance instead of a sample.
    expectSize(encoder?.outputs[0], 1, [latents, 2 * latents], 'vae_encoder', 'latent channels', report);
  }
  checkConfig(text?.inputs[0], 1, config('text_encoder/config.json', 'max_position_embeddings'), report);
}

const FLOAT = ['float32', 'float16', 'float64'];
const WHOLE = ['int64', 'int32'];

interface Expected {
  /** The first is the usual one. */
  readonly names: readonly string[];
  readonly ranks: readonly number[];
  readonly types: readonly string[];
}

interface ExpectedComponent {
  readonly inputs: readonly Expected[];
  readonly optional: readonly string[];
  readonly outputs: readonly Expected[];
}

interface Found {
  /** In the order of what was expected. */
  readonly inputs: readonly (TensorInfo | undefined)[];
  readonly outputs: readonly (TensorInfo | undefined)[];
}

function findIn(
  component: string,
  inspection: Inspection,
  report: Report,
  expected: ExpectedComponent,
): Found | undefined {
  const path = `${component}/model.onnx`;
  const inspected = inspection[component];
  if (!inspected) {
    report('error', path, `${path} could not be opened.`);
    return undefined;
  }
  if ('error' in inspected) {
    report('error', path, `ONNX Runtime cannot open ${path}: ${inspected.error}`);
    return undefined;
  }
  const find = (
    kind: 'input' | 'output',
    infos: readonly TensorInfo[],
    wanted: Expected,
  ): TensorInfo | undefined => {
    const named = wanted.names.map((name) => infos.find((info) => info.name === name)).find(Boolean);
    const fitting = infos.filter((info) => fits(info, wanted));
    const found = named ?? (fitting.length === 1 ? fitting[0] : undefined);
    if (!found) {
      report('error', path, `${path} has no ${kind} "${wanted.names[0]}". It has: ${listOf(infos)}.`);
    } else if (!fits(found, wanted)) {
      report(
        'error',
        path,
        `${path}: the ${kind} ${describe(found)} should have ${wanted.ranks.join(' or ')} dimensions of ${wanted.types.join(' or ')}.`,
      );
      return undefined;
    }
    return found;
  };
  const inputs = expected.inputs.map((wanted) => find('input', inspected.inputs, wanted));
  const outputs = expected.outputs.map((wanted) => find('output', inspected.outputs, wanted));
  const unknown = inspected.inputs.filter(
    (info) => !inputs.includes(info) && !expected.optional.includes(info.name),
  );
  if (unknown.length > 0 && inputs.every(Boolean)) {
    report('error', path, `${path} asks for inputs that nothing provides: ${listOf(unknown)}.`);
  }
  return { inputs, outputs };
}

function fits(info: TensorInfo, { ranks, types }: Expected): boolean {
  return types.includes(info.type) && ranks.includes(info.dims.length);
}

function describe(info: TensorInfo): string {
  return `${info.name} ${info.type}[${info.dims.join(', ')}]`;
}

function listOf(infos: readonly TensorInfo[]): string {
  return infos.map(describe).join(', ') || 'none';
}

function size(info: TensorInfo | undefined, axis: number): number | undefined {
  const dim = info?.dims[axis];
  return typeof dim === 'number' ? dim : undefined;
}

function expectSize(
  info: TensorInfo | undefined,
  axis: number,
  accepted: readonly number[],
  component: string,
  what: string,
  report: Report,
): void {
  const found = size(info, axis);
  if (!info || found === undefined || accepted.includes(found)) return;
  report(
    'error',
    `${component}/model.onnx`,
    `${component}/model.onnx: ${describe(info)} has ${found} ${what}. Accepted: ${accepted.join(' or ')}.`,
  );
}

function checkConfig(
  info: TensorInfo | undefined,
  axis: number,
  configured: number | undefined,
  report: Report,
): void {
  const found = size(info, axis);
  if (found === undefined || configured === undefined || found === configured) return;
  report(
    'error',
    'text_encoder/config.json',
    `text_encoder/config.json says max_position_embeddings ${configured}, but its graph takes ${found} tokens.`,
  );
}
