import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { catmullRom, catmullRomWeights } from './catmull-rom.ts';
import { bilinear, cellWeights } from './grid-weights.ts';
import { lerp, nlerp } from './lerp.ts';
import { framesOf, linspace, linspaceDirect, linspaceL } from './linspace.ts';
import { slerp, slerpTokens } from './slerp.ts';
import { offset } from './step-walk.ts';

interface Blend {
  name: string;
  dims: number[];
  from: number[];
  to: number[];
  steps: { method: 'lerp' | 'slerp' | 'slerp-tokens'; t: number; out: number[] }[];
}
interface Spaced {
  n: number;
  keys: number[][];
  dims: number[];
  shape: number[];
  out: number[];
}
const goldens: { blends: Blend[]; linspace: Spaced[]; linspaceDirect: Spaced[]; linspaceL: Spaced[] } =
  JSON.parse(readFileSync(new URL('../../../test/goldens/interpolation.json', import.meta.url), 'utf8'));
const of = (dims: number[], values: readonly number[]): Tensor => tensor(dims, Float32Array.from(values));
const assertClose = (actual: Tensor, expected: readonly number[], tolerance: number, label: string): void => {
  assert.equal(actual.data.length, expected.length, label);
  expected.forEach((value, i) => {
    const limit = tolerance * Math.max(1, Math.abs(value));
    assert.ok(
      Math.abs(actual.data[i]! - value) <= limit,
      `${label}: [${i}] ${actual.data[i]} is not ${value}`,
    );
  });
};
const normOf = (data: ArrayLike<number>): number =>
  Math.sqrt(Array.from(data).reduce((sum, x) => sum + x * x, 0));

const methods = { lerp, nlerp, slerp, 'slerp-tokens': slerpTokens };
const shape = fc.record({ tokens: fc.integer({ min: 1, max: 5 }), width: fc.integer({ min: 1, max: 6 }) });
const value = fc.float({ min: -100, max: 100, noNaN: true });
const tensors = (count: number): fc.Arbitrary<Tensor[]> =>
  shape.chain(({ tokens, width }) =>
    fc.array(
      fc
        .array(value, { minLength: tokens * width, maxLength: tokens * width })
        .map((values) => of([1, tokens, width], values)),
      { minLength: count, maxLength: count },
    ),
  );

describe('blends agree with numpy and torch', () => {
  for (const row of goldens.blends) {
    it(row.name, () => {
      const from = of(row.dims, row.from);
      const to = of(row.dims, row.to);
      for (const step of row.steps) {
        const result = methods[step.method](from, to, step.t);
        // The reference takes the dot product in float32: near the poles its angle is that much coarser.
        assertClose(result, step.out, 3e-6, `${step.method} at ${step.t}`);
      }
    });
  }
});

describe('blends', () => {
  for (const [name, blend] of Object.entries(methods)) {
    it(`${name}: t = 0 and t = 1 are the ends, bit for bit`, () => {
      fc.assert(
        fc.property(tensors(2), ([a, b]) => {
          assert.deepEqual(blend(a!, b!, 0).data, a!.data);
          assert.deepEqual(blend(a!, b!, 1).data, b!.data);
        }),
      );
    });
    it(`${name}: equal ends stay what they are`, () => {
      fc.assert(
        fc.property(tensors(1), fc.double({ min: 0, max: 1, noNaN: true }), ([a], t) => {
          assertClose(blend(a!, a!, t), [...a!.data], 1e-6, name);
        }),
      );
    });
    it(`${name}: the way back is the way there`, () => {
      fc.assert(
        fc.property(tensors(2), fc.double({ min: 0.01, max: 0.99, noNaN: true }), ([a, b], t) => {
          assertClose(blend(a!, b!, t), [...blend(b!, a!, 1 - t).data], 2e-2, name);
        }),
      );
    });
    it(`${name}: ends of different shapes are refused`, () => {
      assert.throws(
        () => blend(of([1, 2], [1, 2]), of([2, 1], [1, 2]), 0.5),
        /shapes \[1, 2\] and \[2, 1\] differ/,
      );
    });
  }

  it('slerp keeps the norm of ends of one norm', () => {
    fc.assert(
      fc.property(tensors(2), fc.double({ min: 0, max: 1, noNaN: true }), ([a, b], t) => {
        const unit = (x: Tensor) =>
          of(
            [...x.dims],
            [...x.data].map((v) => v / normOf(x.data)),
          );
        fc.pre(normOf(a!.data) > 1e-3 && normOf(b!.data) > 1e-3);
        const from = unit(a!);
        const to = unit(b!);
        const cos = from.data.reduce((sum, v, i) => sum + v * to.data[i]!, 0);
        fc.pre(Math.abs(cos) < 0.9995);
        assert.ok(Math.abs(normOf(slerp(from, to, t).data) - 1) < 1e-4);
      }),
    );
  });

  it('slerp goes at constant speed', () => {
    const from = of([2], [1, 0]);
    const to = of([2], [0, 1]);
    for (let i = 0; i <= 9; i++) {
      const { data } = slerp(from, to, i / 9);
      assert.ok(Math.abs(Math.atan2(data[1]!, data[0]!) - (i * Math.PI) / 18) < 1e-6);
    }
  });

  it('slerp of zeros is no NaN', () => {
    assert.deepEqual([...slerp(of([2], [0, 0]), of([2], [2, 4]), 0.5).data], [1, 2]);
    assert.deepEqual([...slerpTokens(of([2, 1], [0, 0]), of([2, 1], [2, 4]), 0.5).data], [1, 2]);
  });

  it('nlerp interpolates the norm of each row', () => {
    fc.assert(
      fc.property(tensors(2), fc.double({ min: 0, max: 1, noNaN: true }), ([a, b], t) => {
        const width = a!.dims.at(-1)!;
        const out = nlerp(a!, b!, t);
        const plain = lerp(a!, b!, t);
        for (let row = 0; row < out.data.length / width; row++) {
          const part = (x: Tensor) => x.data.subarray(row * width, (row + 1) * width);
          if (normOf(part(plain)) < 1e-3) continue;
          const wanted = (1 - t) * normOf(part(a!)) + t * normOf(part(b!));
          assert.ok(Math.abs(normOf(part(out)) - wanted) <= 1e-4 * Math.max(1, wanted));
        }
      }),
    );
  });

  it('an overshooting t goes beyond the end', () => {
    assert.ok(Math.abs(lerp(of([1], [0]), of([1], [10]), 1.1).data[0]! - 11) < 1e-5);
    assert.ok(Math.abs(lerp(of([1], [0]), of([1], [10]), -0.1).data[0]! + 1) < 1e-5);
  });
});

describe('Catmull-Rom spline', () => {
  it('passes through its keys bit for bit', () => {
    fc.assert(
      fc.property(tensors(4), (p) => {
        const points = [p[0]!, p[1]!, p[2]!, p[3]!] as const;
        assert.deepEqual(catmullRom(points, 0).data, p[1]!.data);
        assert.deepEqual(catmullRom(points, 1).data, p[2]!.data);
      }),
    );
  });

  it('comes to its keys continuously and leaves them with the velocity it came with', () => {
    const keys = [3, -1, 4, 1, -5].map((x) => of([1], [x]));
    const [a, b, c, d, e] = keys as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const before = (t: number) => catmullRom([a, b, c, d], t).data[0]!;
    const after = (t: number) => catmullRom([b, c, d, e], t).data[0]!;
    const h = 1e-3;
    assert.ok(Math.abs(before(1 - 1e-6) - after(1e-6)) < 1e-4);
    const arriving = (before(1) - before(1 - h)) / h;
    const leaving = (after(h) - after(0)) / h;
    assert.ok(Math.abs(arriving - leaving) < 2e-2, `${arriving} and ${leaving}`);
    assert.ok(Math.abs(leaving - (1 - -1) / 2) < 2e-2);
  });

  it('has weights that sum to 1 and goes straight on straight keys', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (t) => {
        assert.ok(Math.abs(catmullRomWeights(t).reduce((x, y) => x + y, 0) - 1) < 1e-12);
        const keys = [0, 1, 2, 3].map((x) => of([1], [x])) as [Tensor, Tensor, Tensor, Tensor];
        assert.ok(Math.abs(catmullRom(keys, t).data[0]! - 1 - t) < 1e-6);
      }),
    );
  });
});

describe('linspace', () => {
  const spaced = {
    linspace: (k: Tensor[], n: number) => linspace(k[0]!, k[1]!, n),
    linspaceDirect,
    linspaceL,
  };
  for (const name of ['linspace', 'linspaceDirect', 'linspaceL'] as const) {
    it(`${name} agrees with the reference in shape and values`, () => {
      for (const row of goldens[name]) {
        const keys = row.keys.map((key) => of(row.dims, key));
        const result = spaced[name](keys, row.n);
        assert.deepEqual(result.dims, row.shape);
        assert.deepEqual(result.data, Float32Array.from(row.out), `${keys.length} keys, ${row.n} each`);
      }
    });
  }

  it('has ⌈log₂ keys⌉ grid axes and its corner keys bit for bit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 2, max: 4 }), (count, n) => {
        const keys = Array.from({ length: count }, (_, i) =>
          of([2], [Math.fround(i / 3), Math.fround(-i * 1.7)]),
        );
        const grid = linspaceL(keys, n);
        const axes = Math.ceil(Math.log2(count));
        assert.deepEqual(grid.dims, [...Array(axes).fill(n), 2]);
        const frames = framesOf(grid, [2]);
        assert.equal(frames.length, n ** axes);
        assert.deepEqual(frames[0]!.data, keys[0]!.data);
        assert.deepEqual(frames.at(-1)!.data, keys.at(-1)!.data);
      }),
    );
  });

  it('puts four keys in the corners and agrees with bilinear weights', () => {
    const keys = [1, 2, 5, -3].map((x) => of([1], [x]));
    const frames = framesOf(linspaceL(keys, 5), [1]).map((frame) => frame.data[0]!);
    assert.deepEqual([frames[0], frames[4], frames[20], frames[24]], [1, 2, 5, -3]);
    for (let row = 0; row < 5; row++) {
      for (let col = 0; col < 5; col++) {
        const wanted = cellWeights(row, col, 5, 5).reduce((sum, w, i) => sum + w * keys[i]!.data[0]!, 0);
        assert.ok(Math.abs(frames[row * 5 + col]! - wanted) < 1e-6);
      }
    }
  });

  it('refuses what cannot be', () => {
    const one = of([1], [1]);
    assert.throws(() => linspace(one, one, 0), /count from 1/);
    assert.throws(() => linspace(of([2], [1, 2]), of([3], [1, 2, 3]), 2), /do not broadcast/);
    assert.throws(() => linspaceL([], 3), /one key or more/);
    assert.throws(() => linspaceDirect([one], 3), /two keys or more/);
  });
});

describe('grid weights and step walk', () => {
  it('bilinear weights sum to 1 and are exact in the corners', () => {
    assert.deepEqual(bilinear(0, 0), [1, 0, 0, 0]);
    assert.deepEqual(bilinear(1, 0), [0, 1, 0, 0]);
    assert.deepEqual(bilinear(0, 1), [0, 0, 1, 0]);
    assert.deepEqual(bilinear(1, 1), [0, 0, 0, 1]);
    assert.deepEqual(cellWeights(0, 0, 1, 1), [1, 0, 0, 0]);
    assert.deepEqual(bilinear(0.25, 0.5), [0.375, 0.125, 0.375, 0.125]);
  });

  it('the step walk adds float32 steps to every component', () => {
    const e = of([1, 3], [0.1, -2, 30]);
    assert.equal(offset(e, 0), e);
    const step = Math.fround(0.003);
    assert.deepEqual(offset(e, 0.001 * 3).data, Float32Array.from([...e.data].map((x) => x + step)));
  });
});
