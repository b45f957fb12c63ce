import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { clickTrack } from '../../../test/support/click-track.ts';
import { decodeSound } from './decode-sound.ts';
import { exportFrames } from './export-frames.ts';
import { findFfmpeg } from './ffmpeg.ts';
import { planTrack, sampleOfFrame, SOUND_RATE, soundStart } from './sound-track.ts';
import type { ExportRequest, ExportSound, Playback } from './types.ts';

const ffmpeg = findFfmpeg({ path: process.env.PATH ?? '', platform: process.platform });
const playback: Playback = { fps: 12, loop: 0, pingPong: false, holdFirst: 0, holdLast: 0 };
const film = { fps: 12, frames: 24, heldFirst: 0 };
const sound = { start: 0, speed: 1 };

describe('which samples go with a film', () => {
  it('frames begin at exact samples, also at the rates of television', () => {
    assert.equal(sampleOfFrame(24, 12), 96_000);
    assert.equal(sampleOfFrame(30_000, 29.97), 48_048_000);
    assert.equal(sampleOfFrame(1, 23.976), 2002);
  });
  it('a range starts at its own sample, an offset shifts, a negative one waits', () => {
    assert.deepEqual(planTrack({ ...sound, start: soundStart(0, 7, 12) }, film), {
      silence: 0,
      skip: 28_000,
      length: 96_000,
      speed: 1,
    });
    assert.equal(planTrack({ ...sound, start: soundStart(1.5, 0, 12) }, film).skip, 72_000);
    assert.equal(planTrack({ ...sound, start: soundStart(-0.5, 3, 12) }, film).silence, 12_000);
  });
  it('a held first frame is silent', () => {
    assert.equal(planTrack(sound, { ...film, heldFirst: 6 }).silence, 24_000);
  });
  it('a film at another rate takes its sound along', () => {
    const plan = planTrack({ start: soundStart(0, 12, 12), speed: 2 }, { ...film, fps: 24 });
    assert.deepEqual([plan.speed, plan.skip, plan.length], [2, 24_000, 48_000]);
  });
});

describe('the sound in exported films', () => {
  let folder = '';
  const CLICK = 1.25;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'inbetween-sound-test-'));
    writeFileSync(join(folder, 'click.wav'), clickTrack([CLICK], 4));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const write = async (
    format: 'mp4' | 'webm',
    over: Partial<ExportSound>,
    play: Partial<Playback> = {},
  ): Promise<Int16Array> => {
    const out = join(folder, `film-${Object.values({ ...over, ...play }).join('-')}.${format}`);
    const request: ExportRequest = {
      source: { count: 36, width: 32, height: 32, frame: async () => new Uint8Array(32 * 32 * 3) },
      format,
      out,
      playback: { ...playback, ...play },
      quality: 50,
      dither: 'none',
      palette: 'global',
      document: '{"a":1}',
      ffmpeg,
      threads: 1,
      sound: { file: join(folder, 'click.wav'), gain: 1, ...sound, ...over },
    };
    await exportFrames(request);
    const pieces: Int16Array[] = [];
    for await (const piece of decodeSound(ffmpeg, out, { rate: SOUND_RATE, channels: 1 })) pieces.push(piece);
    return Int16Array.from(pieces.flatMap((piece) => [...piece]));
  };

  // Both codecs smear a click over a millisecond or so.
  const isAt = (samples: Int16Array, seconds: number): void => {
    const loudest = samples.reduce(
      (most, value, i) => (Math.abs(value) > Math.abs(samples[most]!) ? i : most),
      0,
    );
    assert.ok(Math.abs(samples[loudest]!) > 2000, 'the click is there');
    assert.ok(
      Math.abs(loudest / SOUND_RATE - seconds) < 0.0015,
      `the click is at ${loudest / SOUND_RATE} s, expected at ${seconds} s`,
    );
  };

  for (const format of ['mp4', 'webm'] as const) {
    it(`${format}: the click is where the timeline has it, and the sound is as long as the film`, async () => {
      const samples = await write(format, {});
      isAt(samples, CLICK);
      assert.ok(Math.abs(samples.length - 3 * SOUND_RATE) < 2048, `${samples.length} samples for 3 s`);
    });
  }
  it('an export of a range begins in the middle of the sound', async () => {
    isAt(await write('mp4', { start: soundStart(0, 7, 12) }), CLICK - 7 / 12);
  });
  it('offset, held first frame and loudness are heard', async () => {
    isAt(await write('mp4', { start: soundStart(-0.5, 0, 12), gain: 2 }, { holdFirst: 0.5 }), CLICK + 1);
  });
});
