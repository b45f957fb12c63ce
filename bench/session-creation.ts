import { join } from 'node:path';
import { GraphCache } from '../src-main/host/sessions/graph-cache.ts';
import { describeMachine } from '../src-main/host/sessions/machine.ts';
import { openOrtSession } from '../src-main/host/sessions/ort-session.ts';
import { sessionOptions } from '../src-main/host/sessions/session-options.ts';
import { componentBytes, componentPath } from '../src-main/host/sessions/session-pool.ts';
import type { BenchmarkResult } from './bench.ts';
import { setting, takeTurns, timed, withFolder } from './measure.ts';

/** Opening a component's session anew, for the first time through the cache, and from the cache. */
export async function run(): Promise<BenchmarkResult> {
  const folder = process.env.BENCH_MODEL ?? join(import.meta.dirname, '..', 'models', 'fluent-world');
  const rounds = setting('BENCH_ROUNDS', 5);
  const settings = { provider: 'cpu' as const, threads: setting('BENCH_THREADS', 1) };
  const rows: (string | number)[][] = [];
  await withFolder(async (temporary) => {
    const { cpu } = describeMachine();
    for (const component of ['text_encoder', 'unet', 'vae_decoder', 'vae_encoder']) {
      const path = componentPath(folder, component);
      const source = { path, identity: component, bytes: await componentBytes(folder, component) };
      const open = async (cache: GraphCache, expected: string): Promise<void> => {
        const { session, outcome } = await cache.open(source, settings);
        if (outcome !== expected) throw new Error(`${component}: the cache was ${outcome}, not ${expected}`);
        await session.release();
      };
      const kept = new GraphCache({ folder: join(temporary, component), cpu });
      await open(kept, 'built');
      const times = await takeTurns(rounds, {
        without: () =>
          timed(async () => {
            await (await openOrtSession(path, sessionOptions(settings))).release();
          }),
        first: (round) =>
          timed(() =>
            open(new GraphCache({ folder: join(temporary, `${component}-${round}`), cpu }), 'built'),
          ),
        cached: () => timed(() => open(kept, 'hit')),
      });
      rows.push([
        component,
        source.bytes / 1e6,
        times.without,
        times.first,
        times.cached,
        times.without / times.cached,
      ]);
    }
  });
  const sum = (at: number): number => rows.reduce((total, row) => total + (row[at] as number), 0);
  rows.push(['all', sum(1), sum(2), sum(3), sum(4), sum(2) / sum(4)]);
  return {
    title: `Opening sessions of ${folder.split(/[\\/]/).at(-1) ?? folder}: milliseconds`,
    columns: ['', 'MB', 'without cache', 'first time (saves)', 'from cache', 'times faster'],
    rows,
    notes: [`Medians of ${rounds} rounds, taken in turns; files are in the page cache.`],
  };
}
