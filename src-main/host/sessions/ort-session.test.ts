import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOrtSession } from './ort-session.ts';
import { inspectionOptions, sessionOptions } from './session-options.ts';
import { ONNX_FIXTURES } from '../../../test/support/model-fixtures.ts';

const CPU = sessionOptions({ provider: 'cpu', threads: 1 });

test('a session tells names, types and dimensions of its inputs and outputs', async () => {
  const session = await openOrtSession(`${ONNX_FIXTURES}/tiny-sd/unet/model.onnx`, inspectionOptions());
  assert.deepEqual(session.inputs, [
    { name: 'sample', type: 'float32', dims: ['batch', 4, 'height', 'width'] },
    { name: 'timestep', type: 'int64', dims: [1] },
    { name: 'encoder_hidden_states', type: 'float32', dims: ['batch', 'sequence', 8] },
  ]);
  assert.deepEqual(session.outputs, [
    { name: 'out_sample', type: 'float32', dims: ['batch', 4, 'height', 'width'] },
  ]);
  await session.release();
});

test('float16 tensors travel as bit patterns both ways', async () => {
  const session = await openOrtSession(`${ONNX_FIXTURES}/float16-doubler.onnx`, CPU);
  const { y } = await session.run({
    x: { type: 'float16', dims: [4], data: new Uint16Array([0x3c00, 0xc000, 0x0001, 0x7bff]) },
  });
  assert.equal(y?.type, 'float16');
  assert.ok(y?.data instanceof Uint16Array);
  // 1 -> 2, -2 -> -4, the smallest subnormal doubled, the largest number overflowing to infinity.
  assert.deepEqual([...y.data], [0x4000, 0xc400, 0x0002, 0x7c00]);
  await session.release();
});

test('a view into a larger buffer is fed as the view, not as the buffer', async () => {
  const session = await openOrtSession(`${ONNX_FIXTURES}/float16-doubler.onnx`, CPU);
  const all = new Uint16Array([0x7c00, 0x3c00, 0x3800, 0x7c00]);
  const { y } = await session.run({ x: { type: 'float16', dims: [2], data: all.subarray(1, 3) } });
  assert.deepEqual([...(y?.data as Uint16Array)], [0x4000, 0x3c00]);
  await session.release();
});

test('weights in a file of their own are found beside the graph', async () => {
  const session = await openOrtSession(`${ONNX_FIXTURES}/external/model.onnx`, CPU);
  const { y } = await session.run({ x: { type: 'float32', dims: [1024], data: new Float32Array(1024) } });
  assert.ok((y?.data as Float32Array).some((value) => value !== 0));
  await session.release();
});

test('a released session says so instead of crashing', async () => {
  const session = await openOrtSession(`${ONNX_FIXTURES}/float16-doubler.onnx`, CPU);
  await session.release();
  await session.release();
  await assert.rejects(session.run({}), /after its release/);
});
