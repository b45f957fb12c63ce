import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalJson, type Json } from './canonical-json.ts';
import { AppError, exitStatusOf } from './errors.ts';
import { hashBytes, hashJson } from './hash.ts';
import { parsePythonJson } from './python-json.ts';

describe('canonical JSON', () => {
  it('does not depend on the order of keys, and leaves out what is undefined', () => {
    assert.equal(
      canonicalJson({ b: 1, a: [true, null, { d: 'ж', c: undefined }] }),
      '{"a":[true,null,{"d":"ж"}],"b":1}',
    );
    assert.equal(canonicalJson({ a: 1, b: 2 }), canonicalJson({ b: 2, a: 1 }));
  });
  it('reads back as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.deepEqual(JSON.parse(canonicalJson(value as Json)), JSON.parse(JSON.stringify(value)));
      }),
    );
  });
  it('refuses numbers that JSON would turn into null', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
      assert.throws(() => canonicalJson({ value }), TypeError);
  });
});

describe('hashes', () => {
  it('are SHA-256 in lower-case hex', () => {
    const text = canonicalJson({ b: 1, a: 2 });
    assert.equal(hashJson({ b: 1, a: 2 }), createHash('sha256').update(text).digest('hex'));
    assert.equal(
      hashBytes(Uint8Array.of(1, 2, 3)),
      createHash('sha256')
        .update(Buffer.from([1, 2, 3]))
        .digest('hex'),
    );
  });
});

describe('JSON written by Python', () => {
  it('may hold infinities, which come back as words', () => {
    const text =
      '{"lambda_min_clipped": -Infinity, "max": Infinity, "nothing": NaN, "text": "to -Infinity \\" NaN"}';
    assert.deepEqual(parsePythonJson(text), {
      lambda_min_clipped: '-Infinity',
      max: 'Infinity',
      nothing: 'NaN',
      text: 'to -Infinity " NaN',
    });
  });
  it('is otherwise JSON', () => {
    assert.throws(() => parsePythonJson('{"a": undefined}'), SyntaxError);
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        assert.deepEqual(parsePythonJson(text), JSON.parse(text));
      }),
    );
  });
});

describe('exit statuses', () => {
  it('are 2 for wrong input, 130 when cancelled, 1 for everything else', () => {
    assert.equal(exitStatusOf(new AppError('invalid-input', 'no')), 2);
    assert.equal(exitStatusOf(new AppError('project-newer', 'no')), 2);
    assert.equal(exitStatusOf(new AppError('cancelled', 'no')), 130);
    assert.equal(exitStatusOf(new AppError('disk-full', 'no')), 1);
    assert.equal(exitStatusOf(new Error('no')), 1);
  });
});
