import { cpus } from 'node:os';

/** `npm run bench -- NAME [--json]`: one benchmark, its contestants side by side in one run. */
const BENCHMARKS: Readonly<Record<string, () => Promise<{ run(): Promise<BenchmarkResult> }>>> = {
  frame: () => import('./frame-overhead.ts'),
  torch: () => import('./torch-comparison.ts'),
  sessions: () => import('./session-creation.ts'),
  export: () => import('./export-throughput.ts'),
  memory: () => import('./peak-memory.ts'),
  window: () => import('./window.ts'),
  responsiveness: () => import('./responsiveness.ts'),
};

export interface BenchmarkResult {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  readonly notes?: readonly string[];
}

const [name = '', ...flags] = process.argv.slice(2);
const load = BENCHMARKS[name];
if (load === undefined) {
  console.error(`bench takes ${Object.keys(BENCHMARKS).join(', ')}, not "${name}".`);
  process.exit(2);
}
const { run } = await load();
const result = await run();
const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.versions.node}`;
if (flags.includes('--json'))
  console.log(JSON.stringify({ name, date: new Date().toISOString(), machine, ...result }));
else {
  console.log(`\n${result.title}  (${machine})\n`);
  const cells = [result.columns, ...result.rows].map((row) => row.map(textOf));
  const widths = result.columns.map((_, at) => Math.max(...cells.map((row) => (row[at] ?? '').length)));
  for (const row of cells)
    console.log(
      row
        .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
        .join('   '),
    );
  for (const note of result.notes ?? []) console.log(`\n${note}`);
}
// Native sessions are released by the end of the process.
process.exit(0);

function textOf(value: string | number): string {
  return typeof value === 'string' ? value : Number(value.toPrecision(4)).toString();
}
