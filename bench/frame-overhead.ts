import { join } from 'node:path';
import { createHost } from '../src-main/host/host.ts';
import type { BenchmarkResult } from './bench.ts';
import { median, setting, takeTurns, timed, withFolder } from './measure.ts';
import { recordFrames } from './recorded-frames.ts';

/** What the product adds to the ONNX calls of a frame: in the engine, and from the project to the stored PNG. */
export async function run(): Promise<BenchmarkResult> {
  const root = join(import.meta.dirname, '..');
  const folder = join(root, 'models', 'fluent-world');
  const settings = {
    width: 256,
    height: 256,
    steps: setting('BENCH_STEPS', 15),
    scheduler: 'dpm++2m',
    threads: setting('BENCH_THREADS', 1),
  };
  const rounds = setting('BENCH_ROUNDS', 5);
  const perRun = 3;
  const frames = await recordFrames(folder, settings);
  return withFolder(async (cache) => {
    const host = createHost({
      paths: {
        bundledModels: join(root, 'models'),
        userModels: join(cache, 'models'),
        embeddings: join(cache, 'embeddings'),
        settings: join(cache, 'settings.json'),
        presets: join(cache, 'presets'),
        projects: join(cache, 'projects'),
        cache,
      },
      clock: Date.now,
      platform: process.platform,
      provider: 'cpu',
      threads: settings.threads,
    });
    const model = await host.models.load('fluent-world', root);
    const { open } = await projectMaker(cache, settings);
    /** Frames through the whole product: planned, rendered in the engine process, encoded, stored. */
    const whole = async (round: number): Promise<number> => {
      const project = await host.openProject(await open(round, perRun));
      try {
        return (await timed(() => host.renderRange(project, model, undefined))) / perRun;
      } finally {
        project.close();
      }
    };
    await whole(1000);
    // Processor time as well: on a machine that does other things the clock tells about those.
    const cpu: Record<'bare' | 'engine', number[]> = { bare: [], engine: [] };
    const counted = (name: 'bare' | 'engine', work: () => Promise<unknown>) => async (): Promise<number> => {
      const before = process.cpuUsage();
      const took = await timed(work);
      const { user, system } = process.cpuUsage(before);
      cpu[name].push((user + system) / 1000);
      return took;
    };
    let seed = 2;
    const times = await takeTurns(rounds, {
      bare: counted('bare', () => frames.replay()),
      engine: counted('engine', () => frames.render(seed++)),
      product: whole,
    });
    const processor = { bare: median(cpu.bare), engine: median(cpu.engine) };
    await host.dispose();
    const row = (name: string, ms: number, used?: number) => [
      name,
      ms,
      ms / times.bare,
      used ?? '',
      used === undefined ? '' : used / processor.bare,
    ];
    return {
      title: `One frame of fluent-world, 256 x 256, ${settings.steps} steps, ${settings.threads} thread(s): milliseconds`,
      columns: ['', 'ms', 'x bare', 'processor ms', 'x bare'],
      rows: [
        row(`the bare ${frames.calls} ONNX calls`, times.bare, processor.bare),
        row('engine: prompt to picture', times.engine, processor.engine),
        row('product: project to stored PNG', times.product),
      ],
      notes: [
        `Medians of ${rounds} rounds, taken in turns. The bare calls include the text encoder; the product renders ${perRun} frames a round in its engine process, encodes its prompts once and encodes a PNG while the next frame is computed.`,
      ],
    };
  });
}

async function projectMaker(
  folder: string,
  settings: { width: number; height: number; steps: number; scheduler: string },
) {
  const { writeFile } = await import('node:fs/promises');
  return {
    /** A project file whose frames no other round has. */
    async open(round: number, frames: number): Promise<string> {
      const { width, height, steps, scheduler } = settings;
      const file = join(folder, `${round}.json`);
      const document = {
        format: 'inbetween/1',
        model: 'fluent-world',
        size: { width, height },
        sampler: { scheduler, steps, guidanceScale: 5 },
        length: frames,
        keyframes: Array.from({ length: frames }, (_, frame) => ({
          frame,
          prompt: 'red cat, 4k photo',
          seed: 100_000 + round * 10 + frame,
        })),
      };
      await writeFile(file, JSON.stringify(document));
      return file;
    },
  };
}
