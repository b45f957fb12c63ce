import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeEnvelope } from './envelope.ts';
import { rawInput, runFfmpeg } from './ffmpeg.ts';
import { finishGif } from './gif-blocks.ts';
import { centisecondTimeline, SHORTEST_GIF_DELAY } from './timeline.ts';
import type { ExportHooks, ExportRequest, FrameSource } from './types.ts';

/** Any rate whose period lies on GIF's grid: the real delays are written afterwards. */
const PLACEHOLDER_RATE = '25';

const DITHER = {
  bayer: 'bayer:bayer_scale=4',
  sierra: 'sierra2_4a',
  none: 'none',
} as const;

/**
 * GIF in two passes over the frames, neither of which holds them: a palette of all frames, then the pictures. With
 * `per-frame` palettes one pass does.
 * @returns pictures written and seconds of one play-through
 */
export async function writeGif(
  file: string,
  request: ExportRequest,
  source: FrameSource,
  hooks: ExportHooks,
): Promise<{ frames: number; duration: number }> {
  const shown = centisecondTimeline(source.count, request.playback);
  if (shown.some(({ delay }) => delay < SHORTEST_GIF_DELAY)) {
    hooks.onNote?.(
      `${request.playback.fps} fps is more than GIF viewers play: they slow delays under ${SHORTEST_GIF_DELAY} centiseconds down to 10 fps. 50 fps is the most.`,
    );
  }
  const colours = Math.round(32 + (Math.min(100, Math.max(1, request.quality)) / 100) * 224);
  const colourful = request.paletteSource ?? source;
  const passes = request.palette === 'global' ? colourful.count + shown.length : shown.length;
  let done = 0;
  const feed = async function* (indices: readonly number[], frames = source): AsyncGenerator<Uint8Array> {
    for (const index of indices) {
      yield await frames.frame(index);
      done += 1;
      hooks.onProgress?.({ done, total: passes });
    }
  };
  const order = shown.map(({ index }) => index);
  const input = rawInput(source.width, source.height, PLACEHOLDER_RATE);
  const threads = ['-threads', String(request.threads)];
  // -1 = no loop extension (plays once); n = n repeats after the first time; 0 = for ever.
  const loop = request.playback.loop === 0 ? 0 : request.playback.loop === 1 ? -1 : request.playback.loop - 1;
  const output = ['-loop', String(loop), '-f', 'gif', file];
  const use = `paletteuse=dither=${DITHER[request.dither]}:diff_mode=rectangle`;
  const work = await mkdtemp(join(tmpdir(), 'inbetween-gif-'));
  try {
    if (request.palette === 'global') {
      const palette = join(work, 'palette.png');
      const generate = `palettegen=max_colors=${colours}:reserve_transparent=1:stats_mode=full`;
      const all = Array.from({ length: colourful.count }, (_, i) => i);
      await runFfmpeg(
        request.ffmpeg,
        [...threads, ...input, '-vf', generate, palette],
        feed(all, colourful),
        hooks.signal,
      );
      const args = [...threads, ...input, '-i', palette, '-lavfi', use, ...output];
      await runFfmpeg(request.ffmpeg, args, feed(order), hooks.signal);
    } else {
      const graph = `split[a][b];[a]palettegen=max_colors=${colours}:stats_mode=single[p];[b][p]${use}:new=1`;
      await runFfmpeg(
        request.ffmpeg,
        [...threads, ...input, '-lavfi', graph, ...output],
        feed(order),
        hooks.signal,
      );
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  const comment = request.document === undefined ? undefined : encodeEnvelope(request.document);
  await finishGif(
    file,
    shown.map(({ delay }) => delay),
    comment,
  );
  return { frames: shown.length, duration: shown.reduce((sum, { delay }) => sum + delay, 0) / 100 };
}
