import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { betaCdf, betaQuantile } from './beta-distribution.ts';
import { quantile32 } from './clean-limits.ts';
import { solveLinear } from './linear-solve.ts';
import { linspace32, linspace64, roundHalfEven } from './linspace.ts';
import { integrate } from './quadrature.ts';
import { createScheduler } from './create-scheduler.ts';

test('quantiles of Beta(0.6, 0.6) agree with scipy', () => {
  // scipy.stats.beta.ppf(p, 0.6, 0.6), scipy 1.17
  const known: readonly (readonly [number, number])[] = [
    [0.001, 1.855873851745199e-5],
    [0.02, 0.002732982024577027],
    [0.1, 0.03958440558878085],
    [0.25, 0.17568037865269498],
    [0.3333333333333333, 0.2754132907776234],
    [0.5, 0.5000000000000001],
    [0.75, 0.824319621347305],
    [0.9, 0.9604155944112192],
    [0.999, 0.9999814412614826],
  ];
  for (const [p, x] of known) assert.ok(Math.abs(betaQuantile(p, 0.6, 0.6) - x) < 1e-13, `p = ${p}`);
});

test('the quantile function inverts the cumulative distribution', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.001, max: 0.999, noNaN: true }),
      fc.constantFrom(0.6, 1, 2.5),
      (p, a) => Math.abs(betaCdf(betaQuantile(p, a, 0.6), a, 0.6) - p) < 1e-12,
    ),
  );
  assert.equal(betaQuantile(0, 0.6, 0.6), 0);
  assert.equal(betaQuantile(1, 0.6, 0.6), 1);
});

test('linspace starts and ends at its bounds and is symmetric', () => {
  const values = linspace32(0.1, 0.7, 1000);
  assert.equal(values[0], Math.fround(0.1));
  assert.equal(values[999], Math.fround(0.7));
  assert.deepEqual([...linspace32(-6, 6, 100)].map((x) => -x).reverse(), [...linspace32(-6, 6, 100)]);
  assert.deepEqual(linspace64(0, 999, 1), [0]);
});

test('halves are rounded to the even neighbour', () => {
  assert.deepEqual([0.5, 1.5, 2.5, 2.4, 2.6, 3].map(roundHalfEven), [0, 2, 2, 2, 3, 3]);
});

test('the quadrature is exact for cubics', () => {
  assert.ok(
    Math.abs(
      integrate(14.6, 0.03, (x) => x ** 3 - 2 * x) - ((0.03 ** 4 - 14.6 ** 4) / 4 - 0.03 ** 2 + 14.6 ** 2),
    ) < 1e-9,
  );
});

test('linear systems are solved, also when rows have to change places', () => {
  const solution = solveLinear(
    [
      [0, 2, 1],
      [1, 1, 1],
      [4, 2, 0],
    ],
    [7, 6, 8],
  );
  assert.deepEqual(solution, [1, 2, 3]);
});

test('quantiles interpolate between neighbours and do not sort their argument', () => {
  const values = Float32Array.of(3, 1, 2, 4);
  assert.equal(quantile32(values, 0.5), 2.5);
  assert.equal(quantile32(values, 1), 4);
  assert.equal(quantile32(values, 0), 1);
  assert.deepEqual([...values], [3, 1, 2, 4]);
  assert.ok(Number.isNaN(quantile32(Float32Array.of(1, Number.NaN), 0.5)));
});

test('known noise levels of the linear multistep scheduler hold', () => {
  const config = { beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear' };
  const { timesteps, sigmas } = createScheduler('lms', config, { steps: 30 });
  assert.deepEqual(
    timesteps.slice(0, 3),
    [999, 964.5517, 930.1035].map((t) => timesteps.find((x) => Math.abs(x - t) < 1e-3)),
  );
  assert.equal(sigmas[0], 14.614646911621094);
  assert.ok(Math.abs(sigmas[29]! - 0.0291675329) < 2e-9);
});
