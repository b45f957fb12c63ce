import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/**
 * `npm start`: renders the example morph with the model that comes with Inbetween and says where it lies. (The window
 * takes this place as soon as there is one.)
 */
const root = join(import.meta.dirname, '..');
const out = join(root, 'out', 'red-cat-to-blue-dog.gif');
const example = join(root, 'resources', 'examples', 'red-cat-to-blue-dog.json');

console.log('Rendering "red cat, 4k photo" -> "blue dog at the beach" on this machine ...');
const { status } = spawnSync(
  process.execPath,
  [
    '--disable-warning=ExperimentalWarning',
    join(root, 'src-main', 'cli.ts'),
    'render',
    example,
    '--out',
    out,
  ],
  { stdio: 'inherit' },
);
if (status === 0) {
  console.log(`\nYour morph: ${out}`);
  console.log('Edit the example and run again: only the frames that changed are rendered.');
  console.log('More: npm run -s inbetween -- --help');
}
process.exitCode = status ?? 1;
