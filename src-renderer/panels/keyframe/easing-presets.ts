import type { Easing } from '../../../src-shared/model/easing.ts';

export interface EasingPreset {
  readonly name: string;
  readonly easing: Easing;
}

/** Curves by the names that animators know; the control points are those of Penner's functions as CSS has them. */
const EASING_PRESETS: readonly EasingPreset[] = [
  { name: 'linear', easing: 'linear' },
  { name: 'hold', easing: 'hold' },
  { name: 'ease-in', easing: 'ease-in' },
  { name: 'ease-out', easing: 'ease-out' },
  { name: 'ease-in-out', easing: 'ease-in-out' },
  { name: 'sine in', easing: [0.12, 0, 0.39, 0] },
  { name: 'sine out', easing: [0.61, 1, 0.88, 1] },
  { name: 'sine in-out', easing: [0.37, 0, 0.63, 1] },
  { name: 'quad in', easing: [0.11, 0, 0.5, 0] },
  { name: 'quad out', easing: [0.5, 1, 0.89, 1] },
  { name: 'quad in-out', easing: [0.45, 0, 0.55, 1] },
  { name: 'cubic in', easing: [0.32, 0, 0.67, 0] },
  { name: 'cubic out', easing: [0.33, 1, 0.68, 1] },
  { name: 'cubic in-out', easing: [0.65, 0, 0.35, 1] },
  { name: 'quint in', easing: [0.64, 0, 0.78, 0] },
  { name: 'quint out', easing: [0.22, 1, 0.36, 1] },
  { name: 'quint in-out', easing: [0.83, 0, 0.17, 1] },
  { name: 'expo in', easing: [0.7, 0, 0.84, 0] },
  { name: 'expo out', easing: [0.16, 1, 0.3, 1] },
  { name: 'expo in-out', easing: [0.87, 0, 0.13, 1] },
  { name: 'back in (anticipates)', easing: [0.36, 0, 0.66, -0.56] },
  { name: 'back out (overshoots)', easing: [0.34, 1.56, 0.64, 1] },
  { name: 'back in-out', easing: [0.68, -0.6, 0.32, 1.6] },
  { name: 'slow middle', easing: [0, 0.7, 1, 0.3] },
];

export function presetsFor(search: string): readonly EasingPreset[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return EASING_PRESETS.filter(({ name }) => words.every((word) => name.includes(word)));
}
