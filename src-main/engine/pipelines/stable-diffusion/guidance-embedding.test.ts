import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guidanceEmbedding } from './guidance-embedding.ts';

// Golden values: diffusers 0.42.1 get_guidance_scale_embedding with torch 2.13.
test('the guidance embedding has the values of the reference implementation', () => {
  const cases: [number, number, number[], number[]][] = [
    [
      8.5,
      256,
      [-0.8512358665466309, 0.8421311974525452],
      [0.6470641493797302, 0.6920924186706543, 0.731688916683197],
    ],
    [
      1.5,
      8,
      [-0.4677717983722687, -0.937993586063385],
      [-0.3466525673866272, 0.47378072142601013, 0.9987502694129944],
    ],
    [4.2, 9, [0.9588472843170166, -0.768183171749115], [0.8190712928771973, 0.9492354393005371, 0]],
  ];
  for (const [scale, width, first, last] of cases) {
    const values = guidanceEmbedding(scale, width);
    assert.equal(values.length, width);
    for (const [found, expected] of [
      ...first.map((value, i) => [values[i]!, value] as const),
      ...last.map((value, i) => [values[width - 3 + i]!, value] as const),
    ]) {
      // exp() of float32 differs by an ulp between libraries, and angles reach 7500 radians.
      assert.ok(Math.abs(found - expected) < 1e-3, `${scale}/${width}: ${found} is not ${expected}`);
    }
  }
});
