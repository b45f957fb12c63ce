import { existsSync, globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';

const ROOT = join(import.meta.dirname, '..');
const BUILT = join(ROOT, 'dist', 'renderer', 'index.html');
const SOURCES = ['src-renderer/**/*', 'src-shared/**/*.ts', 'vite.config.ts', 'package-lock.json'];

/** Builds the window into dist/renderer when a source is newer than what lies there. */
export async function buildWindow(): Promise<void> {
  if (!isStale()) return;
  await build({ configFile: join(ROOT, 'vite.config.ts'), logLevel: 'warn' });
}

function isStale(): boolean {
  if (!existsSync(BUILT)) return true;
  const built = statSync(BUILT).mtimeMs;
  return SOURCES.some((pattern) =>
    globSync(pattern, { cwd: ROOT }).some((file) => statSync(join(ROOT, file)).mtimeMs > built),
  );
}

if (import.meta.main) await buildWindow();
