import type { Noise } from '../../../src-shared/model/frame-spec.ts';

/** A noise recipe in words: "seed 1632", "slerp of seed 1 and seed 2 at 0.25". */
export function describeNoise(noise: Noise): string {
  switch (noise.kind) {
    case 'seed':
      return `seed ${noise.seed}`;
    case 'blend':
      return `${noise.method} of ${describeNoise(noise.from)} and ${describeNoise(noise.to)} at ${short(noise.t)}`;
    case 'mix':
      return noise.terms.map(({ weight, of }) => `${short(weight)} · ${describeNoise(of)}`).join(' + ');
    case 'orbit':
      return `${describeNoise(noise.of)}, ${short(noise.turns)} turns round its circle`;
  }
}

function short(value: number): string {
  return String(Number(value.toFixed(4)));
}
