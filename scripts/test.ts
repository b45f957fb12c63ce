import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { python } from './python-env.ts';

/** All that CI runs: types, lint, layers, then every test. `npm test -- PATTERN` runs the test files that match. */
const root = join(import.meta.dirname, '..');
const patterns = process.argv.slice(2);
const bin = (name: string) => join(root, 'node_modules', '.bin', name);

if (patterns.length === 0) {
  step('Types', bin('tsc'), ['-p', root, '--noEmit']);
  step('Types of the window', bin('svelte-check'), [
    '--tsconfig',
    join(root, 'src-renderer', 'tsconfig.json'),
    '--fail-on-warnings',
  ]);
  step('Format', bin('prettier'), ['--check', '--log-level=warn', '.']);
  step('Layers', process.execPath, [join(root, 'scripts', 'check-layers.ts')]);
}
const files = globSync('{src-*,scripts,test,bench,e2e}/**/*.test.ts', { cwd: root }).filter(
  (file) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern)),
);
if (files.length === 0) {
  console.error(`No test file matches ${patterns.join(', ')}.`);
  process.exit(2);
}
// The parity and export tests compare with the reference implementation, which is Python.
const needsPython = files.some((file) => file.includes('parity') || file.includes('models'));
const env = needsPython ? { ...process.env, INBETWEEN_PYTHON: await python() } : process.env;
const isWindow = (file: string): boolean => file.startsWith('e2e');
// A window, its host and its engine keep two cores busy by themselves.
const statuses = [
  run(files.filter(isWindow), 1),
  run(
    files.filter((file) => !isWindow(file)),
    2,
  ),
];
process.exit(Math.max(...statuses));

function run(chosen: readonly string[], atOnce: number): number {
  if (chosen.length === 0) return 0;
  const { status } = spawnSync(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--test',
      `--test-concurrency=${atOnce}`,
      '--test-timeout=3600000',
      ...chosen.toSorted(),
    ],
    { cwd: root, stdio: 'inherit', env },
  );
  return status ?? 1;
}

function step(name: string, command: string, args: readonly string[]): void {
  console.log(`── ${name}`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
