import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { python } from '../scripts/python-env.ts';
import type { BenchmarkResult } from './bench.ts';
import { median, setting, timed } from './measure.ts';
import { recordFrames } from './recorded-frames.ts';

const ROOT = join(import.meta.dirname, '..');
const WORK = join(ROOT, '.cache', 'bench');

/** A whole frame of a Stable Diffusion pipeline here and in diffusers on torch, float32, with the same weights. */
export async function run(): Promise<BenchmarkResult> {
  const interpreter = await python();
  const script = join(import.meta.dirname, 'torch_frame.py');
  const env = { ...process.env, OMP_NUM_THREADS: String(setting('BENCH_THREADS', 1)) };
  const rounds = setting('BENCH_ROUNDS', 5);
  const settings = {
    width: 128,
    height: 128,
    steps: 15,
    scheduler: 'dpm++2m',
    threads: setting('BENCH_THREADS', 1),
  };
  const source = join(WORK, 'source');
  const model = join(WORK, 'model');
  if (!existsSync(join(model, 'model_index.json'))) {
    await mkdir(WORK, { recursive: true });
    execFileSync(interpreter, [script, 'make', '--source', source, '--out', model], {
      env,
      stdio: 'inherit',
    });
  }
  const frames = await recordFrames(model, settings);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await timed(() => frames.render(2 + round)));
    const args = [script, 'time', '--source', source, '--steps', String(settings.steps)];
    const size = ['--width', String(settings.width), '--height', String(settings.height)];
    const told = execFileSync(interpreter, [...args, ...size], {
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    theirs.push(Number(told.trim().split('\n').at(-1)));
  }
  const [here, there] = [median(ours), median(theirs)];
  return {
    title: `One frame of a small Stable Diffusion, 64 x 64 latents, ${settings.steps} steps, ${settings.threads} thread(s)`,
    columns: ['', 'ms', 'x ours'],
    rows: [
      ['Inbetween (engine)', here, 1],
      ['diffusers on torch, float32', there, there / here],
    ],
    notes: [
      `Medians of ${rounds} rounds, taken in turns; each of torch's is the median of three frames after a warm one.`,
    ],
  };
}
