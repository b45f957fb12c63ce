import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson, type Json } from '../kernel/canonical-json.ts';
import { sameJson } from './same-json.ts';

test('two values are the same exactly when their canonical texts are', () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  fc.assert(
    fc.property(value, value, (a, b) => {
      assert.equal(sameJson(a, b), canonicalJson(a as Json) === canonicalJson(b as Json));
      assert.ok(sameJson(a, JSON.parse(JSON.stringify(a))));
    }),
  );
  assert.ok(sameJson({ a: 1, b: undefined }, { a: 1 }));
  assert.ok(!sameJson({ a: 1 }, { a: 1, b: 2 }));
  assert.ok(!sameJson([], {}));
});
