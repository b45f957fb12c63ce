import { globSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';

const ROOT = join(import.meta.dirname, '..');
const OUT = join(ROOT, 'dist', 'desktop');
const SOURCES = [
  'src-main/main.ts',
  'src-main/shell/**/*.ts',
  'src-main/rpc/**/*.ts',
  'src-preload/*.ts',
  'src-shared/**/*.ts',
  'package-lock.json',
];

/** Bundles the shell and its preload script into dist/desktop when a source is newer than what lies there. */
export async function buildDesktop(): Promise<void> {
  const entries = { main: 'src-main/main.ts', preload: 'src-preload/preload.ts' };
  for (const [name, entry] of Object.entries(entries)) {
    const file = join(OUT, `${name}.cjs`);
    if (!isStale(file)) continue;
    await build({
      root: ROOT,
      configFile: false,
      logLevel: 'warn',
      ssr: { noExternal: true, target: 'node' },
      build: {
        ssr: entry,
        outDir: OUT,
        emptyOutDir: false,
        // The Node of the oldest Electron that the shell is tested in.
        target: 'node16',
        minify: false,
        rollupOptions: {
          // CommonJS: a sandboxed preload script knows nothing else.
          output: { format: 'cjs', entryFileNames: `${name}.cjs`, codeSplitting: false },
          external: ['electron', 'bufferutil', 'utf-8-validate'],
        },
      },
    });
  }
}

function isStale(file: string): boolean {
  if (!existsSync(file)) return true;
  const built = statSync(file).mtimeMs;
  return SOURCES.some((pattern) =>
    globSync(pattern, { cwd: ROOT }).some((source) => statSync(join(ROOT, source)).mtimeMs > built),
  );
}

if (import.meta.main) await buildDesktop();
