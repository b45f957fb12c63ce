import { AppError } from '../../../src-shared/kernel/errors.ts';
import { estimateSize } from './estimate.ts';
import { exportFrames } from './export-frames.ts';
import { pickFrames } from './frame-sources.ts';
import type { ExportHooks, ExportRequest, ExportSummary } from './types.ts';

/** What an export was written with. */
export interface ChosenSettings {
  readonly quality: number;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
}

export type FittedSummary = ExportSummary & { readonly chosen: ChosenSettings };

/** Steps down: share of the sides, and how many frames one stands for. */
const RUNGS: readonly { readonly scale: number; readonly every: number }[] = [
  { scale: 1, every: 1 },
  { scale: 0.85, every: 1 },
  { scale: 0.7, every: 1 },
  { scale: 0.6, every: 1 },
  { scale: 0.5, every: 1 },
  { scale: 0.5, every: 2 },
  { scale: 0.4, every: 2 },
  { scale: 0.3, every: 2 },
  { scale: 0.2, every: 3 },
  { scale: 0.12, every: 4 },
];
/** Below this a smaller picture looks better than a poorer one. */
const POOREST = 40;
/** Estimates may be a little off; the file itself decides. */
const AIM = 0.97;
const TRIES = 4;
/** How sure a prediction from another size must be to pass a step over. */
const HOPELESS = 1.3;

/**
 * Writes a file of at most `maxBytes`: at the quality that was asked for when it fits, else at the best that does;
 * then at smaller sizes, then with fewer frames. Trial encodes of samples choose, and the written file is measured:
 * a larger one is never kept under the final name, and the search goes on.
 * @throws {AppError} invalid-input naming the smallest that it can be; whatever {@link exportFrames} throws
 */
export async function exportWithin(
  request: ExportRequest,
  maxBytes: number,
  hooks: ExportHooks = {},
): Promise<FittedSummary> {
  if (request.format === 'png') {
    throw new AppError(
      'invalid-input',
      'A sequence of PNG files has no size that could be chosen; a GIF, an MP4, a WebM or a WebP has.',
    );
  }
  const limited: ExportRequest = { ...request, maxBytes };
  let smallest = Number.POSITIVE_INFINITY;
  const attempt = async (candidate: ExportRequest): Promise<FittedSummary | number> => {
    try {
      const summary = await exportFrames(candidate, hooks);
      return { ...summary, chosen: settingsOf(candidate) };
    } catch (error) {
      if (!(error instanceof AppError) || error.data.reason !== 'too-large') throw error;
      const bytes = error.data.bytes as number;
      smallest = Math.min(smallest, bytes);
      return bytes;
    }
  };
  /** Of the last step that was too large: its estimate, per pixel and frame. */
  let density: number | undefined;
  for (const [step, rung] of RUNGS.entries()) {
    const area = rung.scale ** 2 / rung.every;
    const isLast = step === RUNGS.length - 1;
    if (density !== undefined && !isLast && density * area > maxBytes * HOPELESS) continue;
    const base = smaller(limited, rung);
    const floor = isLast ? 1 : Math.min(POOREST, request.quality);
    const sizes = new Map<number, number>();
    const sizeAt = async (quality: number): Promise<number> => {
      const known = sizes.get(quality);
      if (known !== undefined) return known;
      const all = Array<boolean>(base.source.count).fill(true);
      const { maxBytes: _limit, ...sample } = base;
      const estimate = await estimateSize(
        { ...sample, quality },
        all,
        hooks.signal ? { signal: hooks.signal } : {},
      );
      const bytes = estimate?.bytes ?? Number.POSITIVE_INFINITY;
      sizes.set(quality, bytes);
      return bytes;
    };
    let quality = await bestQuality(sizeAt, floor, request.quality, maxBytes * AIM);
    if (quality === undefined) {
      const least = await sizeAt(floor);
      smallest = Math.min(smallest, least);
      density = least / area;
      if (!isLast) continue;
      quality = floor;
    }
    for (let tries = 0; tries < TRIES && quality >= floor; tries++) {
      const written = await attempt({ ...base, quality });
      if (typeof written !== 'number') {
        const { chosen } = written;
        hooks.onNote?.(sayChoice(chosen, request, written.bytes, maxBytes));
        return written;
      }
      // Half a step of the quality for every tenth that is too much.
      quality = Math.floor(quality - Math.max(2, ((written / maxBytes - 1) * 10) / 2));
    }
  }
  throw new AppError(
    'invalid-input',
    `The film cannot be made as small as ${maxBytes} bytes; the smallest that was reached has ${Math.ceil(smallest)}. Export fewer frames, or allow more.`,
    { data: { smallest: Math.ceil(smallest) } },
  );
}

/** The highest quality whose size fits, by halving; undefined when not even the lowest does. */
async function bestQuality(
  sizeAt: (quality: number) => Promise<number>,
  floor: number,
  ceiling: number,
  limit: number,
): Promise<number | undefined> {
  if ((await sizeAt(ceiling)) <= limit) return ceiling;
  if ((await sizeAt(floor)) > limit) return undefined;
  let low = floor;
  let high = ceiling;
  while (high - low > 3) {
    const middle = Math.round((low + high) / 2);
    if ((await sizeAt(middle)) <= limit) low = middle;
    else high = middle;
  }
  return low;
}

function smaller(request: ExportRequest, { scale, every }: (typeof RUNGS)[number]): ExportRequest {
  const { source, playback } = request;
  const kept = Array.from({ length: Math.ceil(source.count / every) }, (_, at) => at * every);
  const size = request.size ?? {
    width: source.width,
    height: source.height,
    fit: 'stretch' as const,
    background: 'black' as const,
  };
  // Even sides, for videos.
  const side = (pixels: number): number => Math.max(16, Math.round((pixels * scale) / 2) * 2);
  return {
    ...request,
    ...(every === 1
      ? {}
      : { source: pickFrames(source, kept), playback: { ...playback, fps: playback.fps / every } }),
    ...(scale === 1 ? {} : { size: { ...size, width: side(size.width), height: side(size.height) } }),
  };
}

function settingsOf({ quality, size, source, playback }: ExportRequest): ChosenSettings {
  const { width, height } = size ?? source;
  return { quality, width, height, fps: playback.fps };
}

function sayChoice(chosen: ChosenSettings, asked: ExportRequest, bytes: number, limit: number): string {
  const before = settingsOf(asked);
  const changes = [
    chosen.quality === before.quality ? '' : `quality ${chosen.quality} instead of ${before.quality}`,
    chosen.width === before.width
      ? ''
      : `${chosen.width} x ${chosen.height} instead of ${before.width} x ${before.height}`,
    chosen.fps === before.fps
      ? ''
      : `${Number(chosen.fps.toFixed(2))} frames a second instead of ${Number(before.fps.toFixed(2))}`,
  ].filter((change) => change !== '');
  const how = changes.length === 0 ? 'nothing had to be changed' : changes.join(', ');
  return `${(bytes / 1e6).toFixed(2)} MB of at most ${(limit / 1e6).toFixed(2)} MB: ${how}.`;
}
