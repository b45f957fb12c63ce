import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { storedZip } from '../../../test/support/stored-zip.ts';
import { readEmbedding } from './read-embedding.ts';

const bytes = (...parts: (string | number)[]): Buffer =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from([part]))),
  );
const text = (value: string): Buffer => bytes(0x8c, value.length, value);
const whole = (value: number): Buffer => bytes('K', value);
const tuple = (...values: Buffer[]): Buffer => Buffer.concat([bytes('('), ...values, bytes('t')]);

/** What torch.save writes for a float32 tensor of so many values. */
function tensor(options: {
  count: number;
  offset: number;
  shape: number[];
  stride: number[];
  rebuild?: string;
}): Buffer {
  const { count, offset, shape, stride, rebuild = 'torch._utils\n_rebuild_tensor_v2' } = options;
  const storage = tuple(
    text('storage'),
    bytes('ctorch\nFloatStorage\n'),
    text('0'),
    text('cpu'),
    whole(count),
  );
  const parameters = [
    Buffer.concat([storage, bytes('Q')]),
    whole(offset),
    tuple(...shape.map(whole)),
    tuple(...stride.map(whole)),
  ];
  const rest = [bytes(0x89), bytes('ccollections\nOrderedDict\n', ')', 'R')];
  return Buffer.concat([bytes(`c${rebuild}\n`), tuple(...parameters, ...rest), bytes('R')]);
}

const dictionary = (key: string, value: Buffer): Buffer =>
  Buffer.concat([bytes(0x80, 2, '}'), text(key), value, bytes('s', '.')]);
const file = (pickle: Uint8Array, values: readonly number[] = []): Uint8Array =>
  storedZip({
    'archive/data.pkl': pickle,
    'archive/byteorder': Buffer.from('little'),
    'archive/data/0': new Uint8Array(Float32Array.from(values).buffer),
  });
const safetensors = (header: unknown, data: number): Uint8Array => {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return new Uint8Array(Buffer.concat([length, json, Buffer.alloc(data)]));
};
const refused = (content: Uint8Array, message: RegExp): void =>
  assert.throws(() => readEmbedding(content, 'thing'), { code: 'invalid-asset', message });

describe('Embedding files', () => {
  it('a transposed tensor in a torch file is read along its strides', () => {
    const pickle = dictionary('<toy>', tensor({ count: 7, offset: 1, shape: [2, 3], stride: [1, 2] }));
    const { token, vectors } = readEmbedding(file(pickle, [9, 1, 2, 3, 4, 5, 6]), 'thing');
    assert.equal(token, '<toy>');
    assert.deepEqual(vectors[0]!.rows, { dims: [2, 3], data: Float32Array.of(1, 3, 5, 2, 4, 6) });
  });

  it('a file is called by its name where it has no word of its own, and by another word on demand', () => {
    const content = safetensors({ emb_params: { dtype: 'F32', shape: [1, 2], data_offsets: [0, 8] } }, 8);
    assert.equal(readEmbedding(content, 'thing').token, 'thing');
    assert.equal(readEmbedding(content, 'thing', 'word').token, 'word');
  });
});

describe('Embedding files that are no such thing are refused', () => {
  it('code in a pickle is named and not run', () => {
    const proof = join(tmpdir(), `inbetween-pickle-${process.pid}`);
    for (const [module, name] of [
      ['os', 'system'],
      ['posix', 'system'],
      ['builtins', 'eval'],
      ['builtins', 'exec'],
      ['torch.hub', 'load'],
    ]) {
      const call = Buffer.concat([
        bytes(`c${module}\n${name}\n`),
        bytes('(', `X`, proof.length + 6, 0, 0, 0, `touch ${proof}`, 't', 'R'),
      ]);
      refused(file(dictionary('x', call)), new RegExp(`asks for ${module}\\.${name}.*Nothing of it was run`));
      const stacked = Buffer.concat([text(module!), text(name!), bytes(0x93)]);
      refused(file(dictionary('x', stacked)), new RegExp(`asks for ${module}\\.${name}`));
    }
    assert.ok(!existsSync(proof));
  });

  it('opcodes that build objects in other ways', () => {
    for (const opcode of ['i', 'o', '\x92', '\x82', 'P', '\x97'])
      refused(file(bytes(0x80, 2, '(', opcode, '.')), /pickle opcode|contradicts itself/);
  });

  it('compressed archives, which could unpack to anything', () => {
    refused(
      storedZip({ 'archive/data.pkl': Buffer.from('.') }, 8),
      /member "archive\/data.pkl" is compressed/,
    );
  });

  it('tensors that leave their storage, or are far too large', () => {
    const at = (options: Parameters<typeof tensor>[0]) => dictionary('x', tensor(options));
    refused(file(at({ count: 4, offset: 2, shape: [3], stride: [1] }), [1, 2, 3, 4]), /reaches beyond/);
    refused(file(at({ count: 9, offset: 0, shape: [4], stride: [1] }), [1, 2, 3, 4]), /9 values/);
    const huge = { count: 1, offset: 0, shape: [255, 255, 255, 255], stride: [0, 0, 0, 0] };
    refused(file(at(huge), [1]), /far smaller/);
  });

  it('archives and pickles that are cut short or contradict themselves', () => {
    const good = file(dictionary('x', tensor({ count: 1, offset: 0, shape: [1], stride: [1] })), [1]);
    for (let end = 2; end < good.length; end += 7)
      assert.throws(() => readEmbedding(good.subarray(0, end), 'thing'), { code: 'invalid-asset' });
    refused(file(bytes(0x80, 2, 'h', 5, '.')), /contradicts itself/);
    refused(file(bytes(0x80, 2, 'X', 255, 255, 255, 127)), /cut short/);
  });

  it('safetensors whose header or offsets do not fit', () => {
    refused(safetensors({ x: { dtype: 'F32', shape: [4], data_offsets: [0, 16] } }, 8), /does not fit/);
    refused(safetensors({ x: { dtype: 'F32', shape: [1], data_offsets: [-4, 0] } }, 8), /proper shape/);
    refused(safetensors({ x: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } }, 8), /Accepted: F16/);
    const long = new Uint8Array(16);
    new DataView(long.buffer).setBigUint64(0, 1n << 60n, true);
    refused(long, /which it cannot have/);
  });

  it('older files, values that are not finite, and layouts of other things', () => {
    refused(new Uint8Array([0x80, 2, 0x8a, 10]), /before 1\.6/);
    refused(
      file(dictionary('x', tensor({ count: 1, offset: 0, shape: [1], stride: [1] })), [NaN]),
      /not finite/,
    );
    refused(file(dictionary('state_dict', text('none'))), /known layouts/);
  });
});
