import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rawInput, runFfmpeg } from './ffmpeg.ts';
import { planTrack, SOUND_RATE, writeSoundTrack } from './sound-track.ts';
import { frameRate, videoTimeline } from './timeline.ts';
import type { ExportHooks, ExportRequest, FrameSource } from './types.ts';
import { addProjectToMp4, addProjectToWebm } from './video-containers.ts';

/** Colours as high-definition video has them, written into the stream so that players do not guess. */
const BT709 = [
  '-colorspace',
  'bt709',
  '-color_primaries',
  'bt709',
  '-color_trc',
  'bt709',
  '-color_range',
  'tv',
];
/** 4:2:0 needs even sides; the last row or column is repeated rather than the picture scaled. */
const EVEN =
  'pad=ceil(iw/2)*2:ceil(ih/2)*2:0:0,scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int';

type Written = { frames: number; duration: number };

export async function writeMp4(
  file: string,
  request: ExportRequest,
  source: FrameSource,
  hooks: ExportHooks,
): Promise<Written> {
  // CRF 14 cannot be told from the source, 34 is small.
  const crf = Math.round(34 - (request.quality / 100) * 20);
  const written = await writeVideo(file, request, source, hooks, [
    ...[
      '-c:v',
      'libx264',
      '-preset',
      'medium',
      '-crf',
      String(crf),
      '-pix_fmt',
      'yuv420p',
      '-vf',
      EVEN,
      ...BT709,
    ],
    ...['-c:a', 'aac', '-b:a', '192k', '-movflags', '+faststart', '-f', 'mp4'],
  ]);
  if (request.document !== undefined) await addProjectToMp4(file, request.document);
  return written;
}

export async function writeWebm(
  file: string,
  request: ExportRequest,
  source: FrameSource,
  hooks: ExportHooks,
): Promise<Written> {
  const crf = Math.round(48 - (request.quality / 100) * 33);
  const written = await writeVideo(file, request, source, hooks, [
    ...[
      '-c:v',
      'libvpx-vp9',
      '-crf',
      String(crf),
      '-b:v',
      '0',
      '-deadline',
      'good',
      '-cpu-used',
      '4',
      '-row-mt',
      '1',
    ],
    ...['-pix_fmt', 'yuv420p', '-vf', EVEN, ...BT709, '-c:a', 'libopus', '-b:a', '160k', '-f', 'webm'],
  ]);
  if (request.document !== undefined) await addProjectToWebm(file, request.document);
  return written;
}

async function writeVideo(
  file: string,
  request: ExportRequest,
  source: FrameSource,
  hooks: ExportHooks,
  encoder: readonly string[],
): Promise<Written> {
  const order = videoTimeline(source.count, request.playback);
  let done = 0;
  const feed = async function* (): AsyncGenerator<Uint8Array> {
    for (const index of order) {
      yield await source.frame(index);
      done += 1;
      hooks.onProgress?.({ done, total: order.length });
    }
  };
  const { fps } = request.playback;
  const input = rawInput(source.width, source.height, frameRate(fps));
  const rest = [...encoder, '-threads', String(request.threads), file];
  if (request.sound === undefined || request.sound.gain === 0) {
    await runFfmpeg(request.ffmpeg, [...input, ...rest], feed(), hooks.signal);
  } else {
    const folder = await mkdtemp(join(tmpdir(), 'inbetween-sound-'));
    try {
      const track = join(folder, 'track.pcm');
      const heldFirst = order.findIndex((index) => index !== 0);
      const plan = planTrack(request.sound, {
        fps,
        frames: order.length,
        heldFirst: Math.max(0, heldFirst - 1),
      });
      await writeSoundTrack(track, request.sound, plan, request.ffmpeg, hooks.signal);
      const sound = ['-f', 's16le', '-ar', String(SOUND_RATE), '-ac', '2', '-i', track];
      const args = [...input, ...sound, '-map', '0:v', '-map', '1:a', ...rest];
      await runFfmpeg(request.ffmpeg, args, feed(), hooks.signal);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return { frames: order.length, duration: order.length / fps };
}
