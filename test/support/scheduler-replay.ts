/**
 * Test support: replays the golden runs of test/goldens/scheduler-*.json, which the reference implementation wrote with
 * the toy model below.
 */
import { readFileSync } from 'node:fs';
import type { SchedulerName } from '../../src-shared/model/frame-spec.ts';
import { createGenerator } from '../../src-main/engine/random/torch-generator.ts';
import { add32, div32, f32, mul32 } from '../../src-main/engine/tensor/float32.ts';
import { scale } from '../../src-main/engine/tensor/ops.ts';
import { sizeOf, type Tensor } from '../../src-main/engine/tensor/tensor.ts';
import { createScheduler } from '../../src-main/engine/schedulers/create-scheduler.ts';
import type { Scheduler, SchedulerConfig } from '../../src-main/engine/schedulers/scheduler.ts';

const PROBES = 20;

export interface GoldenCase {
  readonly config: string;
  readonly steps: number;
  readonly seed: number;
  readonly dims: readonly number[];
  readonly timesteps: string;
  readonly sigmas: string;
  readonly initNoiseSigma: number;
  readonly draws: readonly number[];
  readonly start: string;
  readonly middle: string;
  readonly final: string;
  /** Whether `final` holds every value or the probes. */
  readonly full: boolean;
  readonly sum: number;
  readonly max: number;
  readonly eta?: number;
  readonly strength?: number;
  /** Steps skipped at the start (image to image). */
  readonly begin?: number;
}

export interface GoldenFile {
  readonly scheduler: SchedulerName;
  readonly configs: Readonly<Record<string, SchedulerConfig>>;
  readonly cases: readonly GoldenCase[];
}

export function readGoldens(name: SchedulerName): GoldenFile {
  const file = `../goldens/scheduler-${name.replace('++', 'pp')}.json`;
  return JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as GoldenFile;
}

export function float32Of(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** The values at torch.linspace(0, n − 1, 20), cut to whole numbers. */
export function probe({ data }: Tensor): Float32Array {
  const step = f32((data.length - 1) / (PROBES - 1));
  return Float32Array.from({ length: PROBES }, (_, i) => {
    const place = i < PROBES / 2 ? f32(step * i) : f32(data.length - 1 - step * (PROBES - 1 - i));
    return data[Math.trunc(place)]!;
  });
}

/** test/goldens/toy_model.py */
export function toyOutput(input: Tensor, t: number, varianceType?: unknown): Tensor {
  const shift = f32((0.05 * t) / (Math.abs(t) + 250));
  const [batch = 1, channels = 1, ...rest] = input.dims;
  const learned = varianceType === 'learned' || varianceType === 'learned_range';
  const item = sizeOf([channels, ...rest]);
  const stride = learned ? 2 * item : item;
  const out = new Float32Array(batch * stride);
  input.data.forEach((x, i) => {
    const size = Math.abs(x);
    const share = div32(mul32(x, size), add32(size, 1));
    const at = Math.floor(i / item) * stride + (i % item);
    out[at] = add32(add32(mul32(x, 0.1), mul32(share, 0.02)), shift);
    if (varianceType === 'learned_range') out[at + item] = div32(x, add32(size, 1));
    if (varianceType === 'learned') out[at + item] = mul32(div32(size, add32(size, 1)), 0.01);
  });
  return { dims: [batch, learned ? 2 * channels : channels, ...rest], data: out };
}

export interface Replay {
  readonly scheduler: Scheduler;
  /** Evaluations that drew noise. */
  readonly draws: readonly number[];
  readonly start: Tensor;
  readonly middle: Tensor;
  readonly final: Tensor;
}

/**
 * Samples as the golden script did.
 * @param resume called before every evaluation with everything a resumed run would have; may return a copy of it
 */
export function replay(
  name: SchedulerName,
  config: SchedulerConfig,
  golden: Pick<GoldenCase, 'steps' | 'seed' | 'dims' | 'eta' | 'strength' | 'begin'>,
  resume: <T>(stored: T) => T = (stored) => stored,
): Replay {
  const options = {
    steps: golden.steps,
    ...(golden.eta === undefined ? {} : { eta: golden.eta }),
    ...(golden.strength === undefined ? {} : { strength: golden.strength }),
  };
  const scheduler = createScheduler(name, config, options);
  const generator = createGenerator(golden.seed);
  const first = (golden.begin ?? 0) * scheduler.order;
  const drawn = generator.randn(golden.dims);
  const start = golden.begin
    ? scheduler.addNoise(drawn, generator.randn(golden.dims), first)
    : scale(drawn, scheduler.initNoiseSigma);
  const draws: number[] = [];
  const count = scheduler.timesteps.length;
  const halfway = Math.floor((first + count) / 2);
  let sample = start;
  let middle = start;
  let state = scheduler.start(first);
  for (let evaluation = first; evaluation < count; evaluation++) {
    ({ sample, state } = resume({ sample, state }));
    const input = scheduler.scaleModelInput(sample, state);
    const varianceType = name === 'ddpm' ? config.variance_type : undefined;
    const output = toyOutput(input, scheduler.timesteps[evaluation]!, varianceType);
    const noise = scheduler.needsNoise(state) ? generator.randn(golden.dims) : undefined;
    if (noise) draws.push(evaluation);
    ({ sample, state } = scheduler.step(output, sample, state, noise));
    if (evaluation === halfway) middle = sample;
  }
  return { scheduler, draws, start, middle, final: sample };
}
