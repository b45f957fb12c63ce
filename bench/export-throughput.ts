import { spawn } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportFrames } from '../src-main/host/export/export-frames.ts';
import { findFfmpeg } from '../src-main/host/export/ffmpeg.ts';
import { EXPORT_FORMATS, type ExportFormat, type FrameSource } from '../src-main/host/export/types.ts';
import { decodeImage, encodePng } from '../src-main/host/render/frame-codec.ts';
import type { BenchmarkResult } from './bench.ts';
import { setting, takeTurns, timed, withFolder } from './measure.ts';

const SIZE = 256;

/**
 * Our exporters, which decode stored PNGs, pipe them and add the project, against ffmpeg with the very same arguments
 * reading the same frames raw from a file.
 */
export async function run(): Promise<BenchmarkResult> {
  const count = setting('BENCH_FRAMES', 120);
  const rounds = setting('BENCH_ROUNDS', 3);
  const ffmpeg = findFfmpeg({ platform: process.platform, path: process.env.PATH ?? '' });
  const rows: (string | number)[][] = [];
  await withFolder(async (folder) => {
    const raw = join(folder, 'frames.rgb');
    const source = await makeFrames(count, raw);
    for (const format of EXPORT_FORMATS) {
      const out = join(folder, format === 'png' ? 'ours' : `ours.${format}`);
      const ours = (program: string): Promise<unknown> =>
        exportFrames({
          source,
          format,
          out,
          ffmpeg: program,
          threads: 1,
          playback: { fps: 12, loop: 0, pingPong: false, holdFirst: 0, holdLast: 0 },
          quality: format === 'webp' ? 80 : 85,
          dither: 'bayer',
          palette: 'global',
          document: JSON.stringify({ format: 'inbetween/1', model: 'bench', keyframes: [] }),
        });
      const commands = await commandsOf(format, ffmpeg, raw, folder, ours);
      const times = await takeTurns(rounds, {
        ours: () => timed(() => ours(ffmpeg)),
        bare: () =>
          timed(async () => {
            for (const args of commands) await call(ffmpeg, args);
          }),
      });
      const pace = (ms: number): number => (count / ms) * 1000;
      rows.push([format, pace(times.ours), pace(times.bare), times.ours / times.bare]);
    }
  });
  return {
    title: `Export of ${count} frames, ${SIZE} x ${SIZE}, 1 encoder thread: frames per second`,
    columns: ['', 'ours', 'ffmpeg, raw file', 'our time / ffmpeg'],
    rows,
    notes: [
      `Medians of ${rounds} rounds, taken in turns. PNG: ours is sharp with the project in every file, theirs ffmpeg's encoder.`,
    ],
  };
}

/** A morph of soft colours with some grain, as PNGs in memory (as the store has them) and raw in a file. */
async function makeFrames(count: number, raw: string): Promise<FrameSource> {
  const pngs: Uint8Array[] = [];
  const all = Buffer.alloc(count * SIZE * SIZE * 3);
  for (let frame = 0; frame < count; frame += 1) {
    const data = all.subarray(frame * SIZE * SIZE * 3, (frame + 1) * SIZE * SIZE * 3);
    const phase = (frame / count) * 2 * Math.PI;
    for (let y = 0, at = 0; y < SIZE; y += 1) {
      for (let x = 0; x < SIZE; x += 1, at += 3) {
        const grain = (Math.imul(x * 374761393 + y * 668265263, 1274126177) >>> 28) - 8;
        data[at] = 128 + 100 * Math.sin(x / 40 + phase) + grain;
        data[at + 1] = 128 + 100 * Math.sin(y / 30 - phase) + grain;
        data[at + 2] = 128 + 100 * Math.cos((x + y) / 50 + 2 * phase) + grain;
      }
    }
    pngs.push(await encodePng({ width: SIZE, height: SIZE, data }));
  }
  await writeFile(raw, all);
  return {
    count,
    width: SIZE,
    height: SIZE,
    frame: async (index) => (await decodeImage(pngs[index] as Uint8Array, `frame ${index}`)).data,
  };
}

/** ffmpeg's arguments as our exporter gives them (a stand-in writes them down), with files in place of the pipe. */
async function commandsOf(
  format: ExportFormat,
  ffmpeg: string,
  raw: string,
  folder: string,
  ours: (program: string) => Promise<unknown>,
): Promise<string[][]> {
  if (format === 'png') {
    await mkdir(join(folder, 'theirs'), { recursive: true });
    const input = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${SIZE}x${SIZE}`, '-r', '12', '-i', raw];
    return [
      ['-loglevel', 'error', '-y', ...input, '-threads', '1', join(folder, 'theirs', 'frame-%05d.png')],
    ];
  }
  const log = join(folder, `${format}.log`);
  const recorder = join(folder, `${format}-recorder`);
  await writeFile(
    recorder,
    `#!/bin/sh\nfor a in "$@"; do echo "$a" >> '${log}'; done\necho ---- >> '${log}'\nexec '${ffmpeg}' "$@"\n`,
  );
  await chmod(recorder, 0o755);
  await ours(recorder);
  const commands = (await readFile(log, 'utf8')).split('----\n').filter((part) => part !== '');
  return commands.map((part) =>
    part
      .trimEnd()
      .split('\n')
      .map((arg) => {
        if (arg === 'pipe:0') return raw;
        if (arg.endsWith('palette.png')) return join(folder, 'palette.png');
        return arg.includes('.part-') ? join(folder, `theirs.${format}`) : arg;
      }),
  );
}

function call(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`ffmpeg ended with ${code}`))));
  });
}
