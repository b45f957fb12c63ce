import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FrameSpec } from '../../../../src-shared/model/frame-spec.ts';
import type { PortTensor, Session, SessionSource } from '../../ports.ts';
import { renderFrame } from '../../render-frame.ts';
import { createPipeline } from '../families.ts';

const FILES = {
  'model_index.json': JSON.stringify({ _class_name: 'ClassConditionedUnet' }),
  'unet/config.json': JSON.stringify({ sample_size: 28, num_classes: 10, block_out_channels: [32, 64, 64] }),
  'scheduler/scheduler_config.json': JSON.stringify({
    _class_name: 'DDPMScheduler',
    beta_schedule: 'squaredcos_cap_v2',
  }),
};

/** A table whose row for class n is [n, -n], and a denoiser that sees its input as all noise; it notes what it is fed. */
function standIn(fed: PortTensor[]): SessionSource {
  const port = (dims: number[], data: Float32Array): PortTensor => ({ type: 'float32', dims, data });
  const info = (name: string, dims: (string | number)[], type: 'float32' | 'int64' = 'float32') => ({
    name,
    type,
    dims,
  });
  const table: Session = {
    inputs: [info('class_labels', ['batch'], 'int64')],
    outputs: [info('class_embeddings', ['batch', 2])],
    run: async ({ class_labels }) => {
      const label = Number((class_labels!.data as BigInt64Array)[0]);
      return { class_embeddings: port([1, 2], Float32Array.of(label, -label)) };
    },
  };
  const unet: Session = {
    inputs: [
      info('sample', ['batch', 1, 'height', 'width']),
      info('timestep', []),
      info('class_embeddings', ['batch', 2]),
    ],
    outputs: [info('out_sample', ['batch', 1, 'height', 'width'])],
    run: async ({ sample, class_embeddings }) => {
      fed.push(class_embeddings!);
      return { out_sample: port([...sample!.dims], (sample!.data as Float32Array).slice()) };
    },
  };
  const sessions: Record<string, Session> = { class_embedding: table, unet };
  return { has: (name) => name in sessions, session: async (name) => sessions[name]! };
}

const spec = (prompt: FrameSpec['prompt']): FrameSpec => ({
  version: 1,
  model: 'digits',
  width: 28,
  height: 28,
  prompt,
  negative: { kind: 'text', text: '' },
  text: { clipSkip: 0, longPrompts: 'truncate' },
  noise: { kind: 'seed', seed: 3 },
  sampler: { scheduler: 'ddpm', overrides: {}, steps: 5, guidanceScale: 1, guidanceRescale: 0, eta: 0 },
  init: null,
  mask: null,
});

test('between two digits the denoiser is told the blend of their embeddings', async () => {
  const fed: PortTensor[] = [];
  const pipeline = createPipeline(standIn(fed), FILES);
  const [from, to] = [
    { kind: 'text', text: '3' },
    { kind: 'text', text: '8' },
  ] as const;
  const between = spec({ kind: 'blend', method: 'lerp', from, to, t: 0.4 });
  const { image, latents } = await renderFrame(pipeline, { spec: between, embeddings: {}, assets: {} }, {});
  assert.equal(fed.length, 5);
  for (const { dims, data } of fed) {
    assert.deepEqual(dims, [1, 2]);
    assert.deepEqual([...(data as Float32Array)].map(Math.fround), [5, -5]);
  }
  assert.deepEqual(latents.dims, [1, 1, 28, 28]);
  assert.deepEqual([image.width, image.height, image.data.length], [28, 28, 28 * 28 * 3]);
  assert.ok([...image.data].every((value, i) => value === image.data[i - (i % 3)]));
});

test('a prompt that is no class is refused with the classes there are', async () => {
  const pipeline = createPipeline(standIn([]), FILES);
  const request = { spec: spec({ kind: 'text', text: 'cat' }), embeddings: {}, assets: {} };
  await assert.rejects(renderFrame(pipeline, request, {}), /"cat" is no class.*Accepted: 0, 1, 2/);
});
