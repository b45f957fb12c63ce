/** A project whose frames take a fraction of a second each; its last keyframe stands at `last`. */
export function smallWalk(last: number) {
  return {
    format: 'inbetween/1',
    name: 'Small walk',
    model: 'fluent-world',
    size: { width: 128, height: 128 },
    fps: 4,
    sampler: { scheduler: 'dpm++2m', steps: 2, guidanceScale: 5 },
    keyframes: [
      { frame: 0, prompt: 'red cat', seed: 1 },
      { frame: last, prompt: 'blue dog' },
    ],
  };
}
