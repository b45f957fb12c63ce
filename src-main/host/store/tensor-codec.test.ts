import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeTensor, encodeTensor } from './tensor-codec.ts';

const tensors = fc.array(fc.nat({ max: 5 }), { maxLength: 4 }).chain((dims) => {
  const length = dims.reduce((product, dim) => product * dim, 1);
  return fc.float32Array({ minLength: length, maxLength: length }).map((data) => ({ dims, data }));
});

test('a tensor survives encoding and decoding bit for bit, NaN and -0 included', () => {
  fc.assert(
    fc.property(tensors, fc.nat({ max: 3 }), (tensor, offset) => {
      const encoded = encodeTensor(tensor);
      // As it comes from a database: a Buffer that need not begin at a multiple of four.
      const shifted = Buffer.concat([Buffer.alloc(offset), encoded]).subarray(offset);
      const decoded = decodeTensor(shifted);
      assert.deepEqual(decoded?.dims, tensor.dims);
      assert.deepEqual(new Uint32Array(decoded!.data.buffer), new Uint32Array(tensor.data.slice().buffer));
    }),
  );
});

test('the bytes are little endian behind a header with the dims', () => {
  const bytes = encodeTensor({ dims: [1, 2], data: Float32Array.of(1, -2) });
  assert.equal(
    Buffer.from(bytes).toString('hex'),
    '49425431020000000100000002000000' + '0000803f' + '000000c0',
  );
});

test('bytes that are too short, too long or of another version are no tensor', () => {
  const bytes = encodeTensor({ dims: [2, 3], data: new Float32Array(6) });
  for (let length = 0; length < bytes.length; length += 1) {
    assert.equal(decodeTensor(bytes.subarray(0, length)), undefined);
  }
  assert.equal(decodeTensor(Buffer.concat([bytes, Buffer.alloc(4)])), undefined);
  assert.equal(decodeTensor(Buffer.from(bytes).fill(0x32, 3, 4)), undefined);
  assert.equal(decodeTensor(Buffer.alloc(64, 0xff)), undefined);
});

test('data that do not fit their shape are not stored', () => {
  assert.throws(() => encodeTensor({ dims: [2], data: new Float32Array(3) }), RangeError);
});
