import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { BlendMethod, Conditioning, Noise } from '../../../src-shared/model/frame-spec.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { evaluateConditioning } from './evaluate-conditioning.ts';
import { evaluateNoise, type NoiseHalf } from './evaluate-noise.ts';
import { rotation } from './rotation.ts';

/** Gaussian numbers of a small generator; the engine's own noise is another part and has its own tests. */
const drawn = new Map<string, Tensor>();
function draw(seed: number, half: NoiseHalf): Tensor {
  const key = `${seed}/${half}`;
  let result = drawn.get(key);
  if (!result) {
    let state = (seed * 2 + half) * 0x9e3779b9 + 0x85ebca6b;
    const uniform = (): number => {
      state = (state + 0x6d2b79f5) | 0;
      let x = Math.imul(state ^ (state >>> 15), state | 1);
      x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
      return (((x ^ (x >>> 14)) >>> 0) + 0.5) / 2 ** 32;
    };
    const data = Float32Array.from(
      { length: 4 * 64 * 64 },
      () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
    );
    result = { dims: [1, 4, 64, 64], data };
    drawn.set(key, result);
  }
  return result;
}
const variance = (tensor: Tensor): number => {
  const mean = tensor.data.reduce((a, b) => a + b, 0) / tensor.data.length;
  return tensor.data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / tensor.data.length;
};
const seed = (value: number): Noise => ({ kind: 'seed', seed: value });
const orbit = (of: Noise, turns: number): Noise => ({ kind: 'orbit', of, turns });
const mixed = (...terms: [number, Noise][]): Noise => ({
  kind: 'mix',
  terms: terms.map(([weight, of]) => ({ weight, of })),
});
const close = (a: Tensor, b: Tensor, tolerance: number): void => {
  const worst = a.data.reduce((max, x, i) => Math.max(max, Math.abs(x - b.data[i]!)), 0);
  assert.ok(worst <= tolerance, `differs by ${worst}`);
};

describe('noise expressions', () => {
  it('a seed is its draw, and blends end in draws, bit for bit', () => {
    assert.equal(evaluateNoise(seed(7), draw), draw(7, 0));
    for (const method of ['slerp', 'lerp'] as const) {
      const blend = (t: number): Noise => ({ kind: 'blend', method, from: seed(1), to: seed(2), t });
      assert.deepEqual(evaluateNoise(blend(0), draw).data, draw(1, 0).data);
      assert.deepEqual(evaluateNoise(blend(1), draw).data, draw(2, 0).data);
    }
  });

  it('slerp keeps the variance within 2 percent where lerp loses half of it', () => {
    const at = (method: 'slerp' | 'lerp', t: number) =>
      variance(evaluateNoise({ kind: 'blend', method, from: seed(1), to: seed(2), t }, draw));
    for (const t of [0.1, 0.25, 0.5, 0.75, 0.9]) assert.ok(Math.abs(at('slerp', t) - 1) < 0.02);
    assert.ok(Math.abs(at('lerp', 0.5) - 0.5) < 0.02);
  });

  it('a mix keeps the variance: shares of many draws average to 1 within a percent', () => {
    // One draw of 16384 values has a variance of 1 ± .011 itself: compare with the same mix of measured variances.
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.1, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 }),
        (weights) => {
          const result = evaluateNoise(mixed(...weights.map((w, i): [number, Noise] => [w, seed(i)])), draw);
          const squares = weights.reduce((sum, w) => sum + w * w, 0);
          const expected = weights.reduce((sum, w, i) => sum + w * w * variance(draw(i, 0)), 0) / squares;
          let cross = 0;
          for (let a = 0; a < weights.length; a++) {
            for (let b = a + 1; b < weights.length; b++) {
              cross += (2 * weights[a]! * weights[b]! * covariance(draw(a, 0), draw(b, 0))) / squares;
            }
          }
          assert.ok(Math.abs(variance(result) - expected - cross) < 0.001);
          assert.ok(Math.abs(variance(result) - 1) < 0.05);
        },
      ),
      { numRuns: 15 },
    );
    const many = Array.from({ length: 30 }, (_, i) =>
      variance(
        evaluateNoise(mixed([0.2, seed(4 * i)], [0.5, seed(4 * i + 1)], [0.3, seed(4 * i + 2)]), draw),
      ),
    );
    assert.ok(Math.abs(many.reduce((a, b) => a + b, 0) / many.length - 1) < 0.01);
  });

  it('a mix of one term, or with all weight on one, is that draw bit for bit', () => {
    assert.equal(evaluateNoise(mixed([1, seed(3)]), draw), draw(3, 0));
    assert.equal(evaluateNoise(mixed([0.37, seed(3)]), draw), draw(3, 0));
    assert.equal(evaluateNoise(mixed([1, seed(3)], [0, seed(4)]), draw), draw(3, 0));
  });

  it('a mix of terms that share draws keeps the variance too', () => {
    close(evaluateNoise(mixed([0.3, seed(3)], [0.7, seed(3)]), draw), draw(3, 0), 1e-6);
    const half: Noise = { kind: 'blend', method: 'slerp', from: seed(1), to: seed(2), t: 0.5 };
    const shared = evaluateNoise(mixed([0.5, half], [0.5, seed(1)]), draw);
    assert.ok(Math.abs(variance(shared) - 1) < 0.03);
  });

  it('an orbit closes bit for bit, starts at the plain draw and keeps the variance', () => {
    const at = (turns: number) => evaluateNoise(orbit(seed(5), turns), draw);
    assert.equal(at(0), draw(5, 0));
    for (const turns of [0, 0.1, 0.25, 1 / 3, 0.5, 0.75]) {
      close(at(turns + 1), at(turns), 1e-5);
      assert.ok(Math.abs(variance(at(turns)) - 1) < 0.03);
    }
    assert.deepEqual(at(1).data, at(0).data);
    assert.deepEqual(at(-3).data, at(0).data);
    assert.deepEqual(at(0.25).data, draw(5, 1).data);
    assert.deepEqual(
      at(1.5).data,
      draw(5, 0).data.map((x) => -x),
    );
  });

  it('orbits within orbits add their turns, and orbits of mixes are mixes of orbits', () => {
    close(
      evaluateNoise(orbit(orbit(seed(5), 0.1), 0.2), draw),
      evaluateNoise(orbit(seed(5), 0.3), draw),
      1e-5,
    );
    close(
      evaluateNoise(orbit(mixed([0.6, seed(1)], [0.8, seed(2)]), 0.2), draw),
      evaluateNoise(mixed([0.6, orbit(seed(1), 0.2)], [0.8, orbit(seed(2), 0.2)]), draw),
      1e-5,
    );
  });

  it('rotation is exact at quarters and a rotation everywhere', () => {
    assert.deepEqual(
      [rotation(0), rotation(0.25), rotation(0.5), rotation(0.75), rotation(1), rotation(-1e-30)],
      [
        [1, 0],
        [0, 1],
        [-1, 0],
        [0, -1],
        [1, 0],
        [1, 0],
      ],
    );
    fc.assert(
      fc.property(fc.double({ min: -5, max: 5, noNaN: true }), (turns) => {
        const [cos, sin] = rotation(turns);
        assert.ok(Math.abs(cos - Math.cos(2 * Math.PI * turns)) < 1e-12);
        assert.ok(Math.abs(sin - Math.sin(2 * Math.PI * turns)) < 1e-12);
      }),
    );
  });

  it('refuses mixes without terms, mixes that cancel and numbers that are none', () => {
    const refused = (noise: Noise, message: RegExp) =>
      assert.throws(
        () => evaluateNoise(noise, draw),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, 'invalid-document');
          assert.match(error.message, message);
          return true;
        },
      );
    refused(mixed(), /no term/);
    refused(mixed([0, seed(1)]), /no term/);
    refused(mixed([1, seed(1)], [-1, seed(1)]), /cancel/);
    refused(orbit(seed(1), Number.NaN), /turns of a noise orbit is NaN/);
  });
});

function covariance(a: Tensor, b: Tensor): number {
  const mean = (t: Tensor) => t.data.reduce((x, y) => x + y, 0) / t.data.length;
  const ma = mean(a);
  const mb = mean(b);
  return a.data.reduce((sum, x, i) => sum + (x - ma) * (b.data[i]! - mb), 0) / a.data.length;
}

describe('conditioning expressions', () => {
  const embedding = (tokens: number, start: number): Tensor => ({
    dims: [1, tokens, 4],
    data: Float32Array.from({ length: tokens * 4 }, (_, i) => Math.sin(start + i * 1.3)),
  });
  const known: { [text: string]: Tensor } = {
    cat: embedding(3, 1),
    dog: embedding(3, 2),
    sea: embedding(3, 3),
    sun: embedding(3, 4),
    long: embedding(6, 5),
  };
  const embeddingOf = (text: string): Tensor => known[text]!;
  const text = (value: string): Conditioning => ({ kind: 'text', text: value });
  const evaluate = (expression: Conditioning) => evaluateConditioning(expression, embeddingOf);

  it('a text is its embedding', () => assert.equal(evaluate(text('cat')), known.cat));

  it('blends and splines end in their keys, bit for bit, also nested', () => {
    const spline = (t: number): Conditioning => ({
      kind: 'spline',
      points: [text('cat'), text('dog'), text('sea'), text('sun')],
      t,
    });
    assert.deepEqual(evaluate(spline(0)).data, known.dog!.data);
    assert.deepEqual(evaluate(spline(1)).data, known.sea!.data);
    for (const method of ['lerp', 'nlerp', 'slerp', 'slerp-tokens'] satisfies BlendMethod[]) {
      const blend = (t: number): Conditioning => ({
        kind: 'blend',
        method,
        from: text('cat'),
        to: spline(1),
        t,
      });
      assert.deepEqual(evaluate(blend(0)).data, known.cat!.data);
      assert.deepEqual(evaluate(blend(1)).data, known.sea!.data);
      assert.notDeepEqual(evaluate(blend(0.5)).data, known.cat!.data);
    }
  });

  it('a mix is the weighted sum as it stands', () => {
    const mix: Conditioning = {
      kind: 'mix',
      terms: [
        { weight: 0.25, of: text('cat') },
        { weight: 1.5, of: text('dog') },
        { weight: 0, of: text('sea') },
      ],
    };
    const wanted = known.cat!.data.map((x, i) => 0.25 * x + 1.5 * known.dog!.data[i]!);
    close(evaluate(mix), { dims: [1, 3, 4], data: wanted }, 1e-6);
    assert.equal(evaluate({ kind: 'mix', terms: [{ weight: 1, of: text('cat') }] }), known.cat);
  });

  it('an offset moves every component', () => {
    const moved = evaluate({ kind: 'offset', of: text('cat'), amount: 0.5 });
    assert.deepEqual(
      moved.data,
      known.cat!.data.map((x) => x + 0.5),
    );
  });

  it('prompts of different lengths are padded to the longest, at the keys too, or refused by name', () => {
    const blend = (t: number): Conditioning => ({
      kind: 'blend',
      method: 'lerp',
      from: text('cat'),
      to: text('long'),
      t,
    });
    assert.throws(() => evaluate(blend(0.5)), /"cat" and "long".*\[1, 3, 4\] and \[1, 6, 4\].*truncate/);
    const padTo = (tensor: Tensor, tokens: number): Tensor => {
      const data = new Float32Array(tokens * 4).fill(9);
      data.set(tensor.data);
      return { dims: [1, tokens, 4], data };
    };
    for (const t of [0, 0.5, 1]) {
      assert.deepEqual(evaluateConditioning(blend(t), embeddingOf, { padTo }).dims, [1, 6, 4]);
    }
    assert.equal(evaluateConditioning(blend(0), embeddingOf, { padTo }).data[12], 9);
    assert.equal(evaluateConditioning(text('cat'), embeddingOf, { padTo }), known.cat);
  });

  it('different widths are refused even with padding', () => {
    const odd = (name: string): Tensor =>
      name === 'cat' ? known.cat! : { dims: [1, 3, 2], data: new Float32Array(6) };
    const blend: Conditioning = { kind: 'blend', method: 'lerp', from: text('cat'), to: text('x'), t: 0.5 };
    assert.throws(() => evaluateConditioning(blend, odd, { padTo: (tensor) => tensor }), {
      code: 'invalid-input',
    });
  });

  it('refuses empty mixes and numbers that are none', () => {
    assert.throws(() => evaluate({ kind: 'mix', terms: [] }), { code: 'invalid-document' });
    assert.throws(
      () => evaluate({ kind: 'offset', of: text('cat'), amount: Number.POSITIVE_INFINITY }),
      /offset is Infinity/,
    );
  });
});
