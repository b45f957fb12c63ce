import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchmarkResult } from './bench.ts';
import { setting, withFolder } from './measure.ts';

const ROOT = join(import.meta.dirname, '..');

/** Peak resident memory of each process of a render from the command line, by the number of frames; Linux only. */
export async function run(): Promise<BenchmarkResult> {
  const many = setting('BENCH_FRAMES', 2000);
  const rows: (string | number)[][] = [];
  for (const frames of [100, many]) {
    const { peaks, seconds } = await withFolder((folder) => render(frames, folder));
    rows.push([frames, peaks.host ?? 0, peaks.engine ?? 0, peaks.ffmpeg ?? 0, seconds]);
  }
  const size = setting('BENCH_SIZE', 256);
  return {
    title: `Peak memory of "render" to MP4, ${size} x ${size}, tiny model: MB`,
    columns: ['frames', 'host', 'engine process', 'ffmpeg', 'seconds'],
    rows,
    notes: ['VmHWM of each process. The tiny model keeps the weights out of the picture.'],
  };
}

type Peaks = Partial<Record<'host' | 'engine' | 'ffmpeg', number>>;

async function render(frames: number, folder: string): Promise<{ peaks: Peaks; seconds: number }> {
  const size = setting('BENCH_SIZE', 256);
  const file = join(folder, 'project.json');
  const document = {
    format: 'inbetween/1',
    model: join(ROOT, 'test', 'fixtures', 'onnx', 'tiny-sd'),
    size: { width: size, height: size },
    sampler: { scheduler: 'ddim', steps: 1, guidanceScale: 1 },
    keyframes: [
      { frame: 0, prompt: 'red cat', seed: 1 },
      { frame: frames - 1, prompt: 'blue dog', seed: 2 },
    ],
  };
  await writeFile(file, JSON.stringify(document));
  const start = performance.now();
  const variable = `INBETWEEN_CACHE_DIR=${join(folder, 'cache')}`;
  const child = spawn(
    process.execPath,
    [join(ROOT, 'src-main', 'cli.ts'), 'render', file, '--out', join(folder, 'out.mp4')],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        INBETWEEN_CACHE_DIR: join(folder, 'cache'),
        INBETWEEN_THREADS: '1',
        INBETWEEN_PROVIDER: 'cpu',
      },
    },
  );
  const peaks: Peaks = {};
  const look = setInterval(() => watch(variable, peaks), 100);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(look);
  if (code !== 0) throw new Error(`The render of ${frames} frames ended with ${String(code)}`);
  return { peaks, seconds: (performance.now() - start) / 1000 };
}

/** High-water marks only rise, so the last look at a process tells all but its last moment. */
function watch(variable: string, peaks: Peaks): void {
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(variable)) continue;
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      const role = command.includes('engine-process')
        ? 'engine'
        : command.includes('ffmpeg')
          ? 'ffmpeg'
          : 'host';
      const kilobytes = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
      peaks[role] = Math.max(peaks[role] ?? 0, kilobytes / 1024);
    } catch {
      // It has ended while it was looked at.
    }
  }
}
