import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spread } from '../../../src-shared/kernel/spread.ts';
import sharp from 'sharp';
import { AppError, throwIfCancelled } from '../../../src-shared/kernel/errors.ts';
import { exportFrames } from './export-frames.ts';
import { runFfmpeg } from './ffmpeg.ts';
import { pickFrames } from './frame-sources.ts';
import { resized } from './resize.ts';
import { videoTimeline } from './timeline.ts';
import type { ExportHooks, ExportRequest } from './types.ts';

export interface SizeEstimate {
  readonly bytes: number;
  /** The range that the samples leave open. */
  readonly low: number;
  readonly high: number;
  /** Frames that were encoded, of how many. */
  readonly sampled: number;
  readonly frames: number;
  /** All of them were: it is the size. */
  readonly exact: boolean;
}

/** Neighbours are encoded together, since what changes between them decides the size. */
const RUN = 6;
const RUNS = 4;
const PALETTE_FRAMES = 24;
/** Videos begin anew at least this often. */
const GROUP = 250;
/** Samples of a film miss what they did not see; less is never claimed. */
const LEAST_SPREAD = 0.06;
/** And of one or two places of it they say little. */
const FEW_SPREAD = 0.4;
/** Bits a second of the sound in films, as the encoders are told. */
const SOUND_BITS = { mp4: 192_000, webm: 160_000 } as const;

/**
 * The size of an export from trial encodes of a few runs of consecutive frames at the chosen settings. A film of no
 * more frames than the samples would have is encoded whole.
 * @param isThere which frames of the source can be read without rendering them
 * @returns null when there are none
 */
export async function estimateSize(
  request: Omit<ExportRequest, 'out'>,
  isThere: readonly boolean[],
  hooks: Pick<ExportHooks, 'signal' | 'onProgress'> & {
    /** Runs of frames to encode; fewer are faster and less certain. */
    readonly runs?: number;
  } = {},
): Promise<SizeEstimate | null> {
  const { source } = request;
  const there = [...isThere.keys()].filter((index) => isThere[index]);
  if (there.length === 0) return null;
  const folder = await mkdtemp(join(tmpdir(), 'inbetween-estimate-'));
  try {
    const most = hooks.runs ?? RUNS;
    const isWhole = there.length === source.count && source.count <= RUN * most;
    const runs = isWhole ? [] : runsOf(there, most);
    // An animated WebP has two pictures at least.
    const start = request.format === 'webp' ? 2 : 1;
    const total = isWhole ? 1 : runs.length * 2;
    let done = 0;
    const encode = async (sample: Omit<ExportRequest, 'out'>): Promise<number> => {
      throwIfCancelled(hooks.signal, 'The estimate');
      const out = join(folder, request.format === 'png' ? 'frames' : `sample.${request.format}`);
      const { bytes } = await exportFrames(
        { ...sample, out },
        hooks.signal === undefined ? {} : { signal: hooks.signal },
      );
      done += 1;
      hooks.onProgress?.({ done, total });
      return bytes;
    };
    if (isWhole) {
      const bytes = await encode(request);
      const frames = source.count;
      return { bytes, low: bytes, high: bytes, sampled: frames, frames, exact: true };
    }
    const { sound: _sound, ...silent } = request;
    const still = { ...request.playback, pingPong: false, holdFirst: 0, holdLast: 0 };
    const colours = spread(there, PALETTE_FRAMES);
    const sampleOf = (indices: readonly number[]): Omit<ExportRequest, 'out'> => ({
      ...silent,
      playback: still,
      source: pickFrames(source, indices),
      paletteSource: pickFrames(source, colours),
    });
    const firsts: number[] = [];
    const nexts: number[] = [];
    for (const run of runs) {
      const first = await encode(sampleOf(run.slice(0, start)));
      const all = run.length <= start ? first : await encode(sampleOf(run));
      firsts.push(first);
      nexts.push(run.length <= start ? first / start : (all - first) / (run.length - start));
    }
    // A picture that stands still costs next to nothing.
    const shown = videoTimeline(source.count, request.playback);
    const changes = shown.filter((index, at) => at > 0 && index !== shown[at - 1]).length;
    const groups = request.format === 'mp4' || request.format === 'webm' ? Math.floor(changes / GROUP) : 0;
    const next = mean(nexts);
    const first = mean(firsts);
    const sound =
      request.sound === undefined || !(request.format in SOUND_BITS)
        ? 0
        : ((SOUND_BITS[request.format as keyof typeof SOUND_BITS] / 8) * shown.length) / request.playback.fps;
    const moving = (changes + 1 - start) * next + groups * Math.max(0, first - next);
    const bytes = Math.max(first, first + moving) + sound;
    const deviation = (2 * spreadOf(nexts) * changes) / Math.sqrt(runs.length);
    const open = Math.max(deviation, bytes * (runs.length < 3 ? FEW_SPREAD : LEAST_SPREAD));
    return {
      bytes: Math.round(bytes),
      low: Math.round(Math.max(first, bytes - open)),
      high: Math.round(bytes + open),
      sampled: runs.reduce((sum, run) => sum + run.length, 0),
      frames: source.count,
      exact: false,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One frame before and after encoding, as PNG pictures of the export's size; null where the format keeps it as it is. */
export async function previewFrame(
  request: Omit<ExportRequest, 'out'>,
  index: number,
  isThere: readonly boolean[],
  signal?: AbortSignal,
): Promise<{ before: Uint8Array; after: Uint8Array } | null> {
  if (request.format === 'png') return null;
  const folder = await mkdtemp(join(tmpdir(), 'inbetween-preview-'));
  try {
    const there = [...isThere.keys()].filter((at) => isThere[at]);
    const { sound: _sound, document: _document, ...rest } = request;
    const out = join(folder, `sample.${request.format}`);
    const sample: ExportRequest = {
      ...rest,
      out,
      playback: { ...request.playback, pingPong: false, holdFirst: 0, holdLast: 0 },
      source: pickFrames(request.source, [index]),
      paletteSource: pickFrames(request.source, spread(there, PALETTE_FRAMES)),
    };
    await exportFrames(sample, signal === undefined ? {} : { signal });
    const { width, height, frame } = resized(sample.source, request.size);
    const raw = { width, height, channels: 3 as const };
    const before = await sharp(await frame(0), { raw })
      .png()
      .toBuffer();
    if (request.format === 'gif' || request.format === 'webp') {
      return { before, after: await sharp(out).png().toBuffer() };
    }
    const decoded = join(folder, 'frame.png');
    await runFfmpeg(request.ffmpeg, ['-i', out, '-frames:v', '1', decoded], nothing(), signal);
    return { before, after: await readFile(decoded) };
  } catch (error) {
    if (error instanceof AppError && error.code === 'cancelled') throw error;
    // An estimate without its picture is still one.
    return null;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** ffmpeg reads a file. */
async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Runs of neighbours that are there, evenly over the film. */
function runsOf(there: readonly number[], count: number): number[][] {
  const starts = spread([...there.keys()].slice(0, Math.max(1, there.length - RUN + 1)), count);
  return starts.map((start) => there.slice(start, start + RUN));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function spreadOf(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}
