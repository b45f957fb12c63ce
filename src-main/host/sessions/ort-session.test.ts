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

test('a product with int8 weights is computed in float32', async () => {
  const session = await openOrtSession(`${ONNX_FIXTURES}/int8-linear.onnx`, CPU);
  const product = async (rows: number, data: Float32Array): Promise<Float32Array> => {
    const { y } = await session.run({ x: { type: 'float32', dims: [rows, 64], data } });
    return y?.data as Float32Array;
  };
  const identity = Float32Array.from({ length: 64 * 64 }, (_, i) => (i % 65 === 0 ? 1 : 0));
  const weights = await product(64, identity);
  const x = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i * i));
  const y = await product(1, x);
  for (const [column, value] of y.entries()) {
    const expected = x.reduce((sum, one, row) => sum + one * weights[row * 64 + column]!, 0);
    assert.ok(Math.abs(value - expected) < 1e-5, `column ${column}: ${value}, not ${expected}`);
  }
  await session.release();
});
