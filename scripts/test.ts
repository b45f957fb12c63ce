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
const result = spawnSync(
  process.execPath,
  [
    '--disable-warning=ExperimentalWarning',
    '--test',
    '--test-concurrency=2',
    '--test-timeout=900000',
    ...files.sort(),
  ],
  { cwd: root, stdio: 'inherit', env },
);
process.exit(result.status ?? 1);

function step(name: string, command: string, args: readonly string[]): void {
  console.log(`── ${name}`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
