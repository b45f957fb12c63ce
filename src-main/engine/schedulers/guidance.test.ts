import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { float32Of } from '../../../test/support/scheduler-replay.ts';
import { createGenerator } from '../random/torch-generator.ts';
import { guide, rescaleGuidance } from './guidance.ts';

interface Golden {
  readonly seed: number;
  readonly dims: readonly number[];
  readonly scale: number;
  readonly phi: number;
  readonly guided: string;
  readonly rescaled: string;
}

const { cases } = JSON.parse(
  readFileSync(new URL('../../../test/goldens/guidance.json', import.meta.url), 'utf8'),
) as { readonly cases: readonly Golden[] };

test('guidance is bit for bit that of diffusers, and its rescaling within 1e-6', () => {
  for (const { seed, dims, scale, phi, guided, rescaled } of cases) {
    const generator = createGenerator(seed);
    const unconditional = generator.randn(dims);
    const conditional = generator.randn(dims);
    const result = guide(unconditional, conditional, scale);
    assert.deepEqual(result.data, float32Of(guided));
    const expected = float32Of(rescaled);
    rescaleGuidance(result, conditional, phi).data.forEach((value, i) => {
      assert.ok(Math.abs(value - expected[i]!) <= 1e-6 * Math.max(1, Math.abs(value)));
    });
  }
});

test('a rescaling share of 0 changes nothing, and a scale of 1 gives nearly the conditional prediction', () => {
  const generator = createGenerator(3);
  const a = generator.randn([2, 4, 4, 4]);
  const b = generator.randn([2, 4, 4, 4]);
  assert.deepEqual(rescaleGuidance(a, b, 0), a);
  guide(a, b, 1).data.forEach((value, i) => {
    assert.ok(Math.abs(value - b.data[i]!) < 1e-6);
  });
});
