import { join } from 'node:path';
import { build } from 'vite';

const ROOT = join(import.meta.dirname, '..');
/** Run from their own folders: native code, binaries, a font. */
const EXTERNAL = [
  'onnxruntime-node',
  'better-sqlite3',
  'sharp',
  '@ffmpeg-installer/ffmpeg',
  'ffmpeg-static',
  'dejavu-fonts-ttf',
  'bufferutil',
  'utf-8-validate',
];

/** Bundles the host and the processes that it starts into dist/host, for packages. A checkout runs them from source. */
export async function buildHost(): Promise<void> {
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'warn',
    ssr: { noExternal: true, external: EXTERNAL, target: 'node' },
    build: {
      ssr: true,
      outDir: join(ROOT, 'dist', 'host'),
      emptyOutDir: true,
      target: 'node24',
      minify: false,
      rollupOptions: {
        input: {
          'host-process': 'src-main/host-process.ts',
          'engine-process': 'src-main/host/sessions/engine-process.ts',
          'probe-process': 'src-main/host/sessions/probe-process.ts',
          'token-thread': 'src-main/host/studio/token-thread.ts',
        },
        external: EXTERNAL,
        // All in one folder: the entries find each other beside themselves.
        output: { format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
      },
    },
  });
}

if (import.meta.main) await buildHost();
