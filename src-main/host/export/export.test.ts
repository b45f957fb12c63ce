import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import sharp from 'sharp';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { exportFrames } from './export-frames.ts';
import { findFfmpeg } from './ffmpeg.ts';
import { formatOf, gridFormatOf } from './format-of.ts';
import { readGifStructure } from './gif-blocks.ts';
import { exportGrid } from './grid.ts';
import { writeWhole } from './output-file.ts';
import { PRESETS, presetById } from './presets.ts';
import { readProjectFrom } from './read-project.ts';
import { centisecondTimeline, frameRate, playOrder, videoTimeline } from './timeline.ts';
import type { ExportFormat, ExportRequest, FrameSource, Playback } from './types.ts';

const ffmpeg = findFfmpeg({ path: process.env.PATH ?? '', platform: process.platform });
const playback: Playback = { fps: 12, loop: 0, pingPong: false, holdFirst: 0, holdLast: 0 };
let folder = '';

/** Smooth colours that move, so that palettes and codecs have real work. */
function gradient(count: number, width: number, height: number): FrameSource {
  return {
    count,
    width,
    height,
    frame: async (index) => {
      const rgb = new Uint8Array(width * height * 3);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const at = (y * width + x) * 3;
          rgb[at] = (x * 255) / width;
          rgb[at + 1] = (y * 255) / height;
          rgb[at + 2] = (index * 255) / Math.max(1, count - 1);
        }
      }
      return rgb;
    },
  };
}

function request(over: Partial<ExportRequest> & { out: string; format: ExportFormat }): ExportRequest {
  return {
    source: gradient(10, 64, 48),
    playback,
    quality: 80,
    dither: 'bayer',
    palette: 'global',
    ffmpeg,
    threads: 2,
    ...over,
  };
}

/** A fixed stream of bytes without pattern. */
function createGenerator(): () => number {
  let state = 12345;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
}

interface Decoded {
  readonly frames: number;
  readonly words: string;
}

function decode(file: string): Decoded {
  const result = spawnSync(ffmpeg, ['-hide_banner', '-i', file, '-map', '0:v', '-f', 'null', '-'], {
    encoding: 'utf8',
  });
  const counts = [...result.stderr.matchAll(/frame=\s*(\d+)/g)];
  return { frames: Number(counts.at(-1)?.[1] ?? 0), words: result.stderr };
}

function decodedFrame(file: string, index: number, width: number, height: number): Uint8Array {
  const args = ['-v', 'error', '-i', file, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-vsync', '0', '-'];
  const all = execFileSync(ffmpeg, args, { maxBuffer: 1 << 28 });
  return all.subarray(index * width * height * 3, (index + 1) * width * height * 3);
}

function meanDifference(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs((a[i] as number) - (b[i] as number));
  return sum / a.length;
}

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'inbetween-export-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

describe('timeline', () => {
  it('spreads GIF delays on the centisecond grid so that their sum stays exact', () => {
    const delays = centisecondTimeline(24, playback).map(({ delay }) => delay);
    assert.deepEqual(delays.slice(0, 6), [8, 9, 8, 8, 9, 8]);
    assert.equal(
      delays.reduce((a, b) => a + b),
      200,
    );
  });
  it('plays forth and back without doubling the ends', () => {
    assert.deepEqual(playOrder(4, true), [0, 1, 2, 3, 2, 1]);
    assert.deepEqual(playOrder(2, true), [0, 1]);
    assert.deepEqual(playOrder(1, true), [0]);
  });
  it('holds the ends as time in a GIF and as repeated frames in a video', () => {
    const held = { ...playback, fps: 10, holdFirst: 0.5, holdLast: 1 };
    assert.deepEqual(
      centisecondTimeline(3, held).map(({ delay }) => delay),
      [60, 10, 110],
    );
    assert.deepEqual(videoTimeline(3, held), [0, 0, 0, 0, 0, 0, 1, ...Array(11).fill(2)]);
  });
  it('keeps the rates of television exact', () => {
    assert.equal(frameRate(23.976), '24000/1001');
    assert.equal(frameRate(29.97), '30000/1001');
    assert.equal(frameRate(12), '12');
    assert.equal(frameRate(12.5), '125000/10000');
  });
});

describe('GIF', () => {
  it('has every frame, exact delays, an endless loop and colours close to the source', async () => {
    const out = join(folder, 'a.gif');
    const summary = await exportFrames(request({ out, format: 'gif' }));
    const gif = await readGifStructure(out);
    assert.deepEqual([gif.width, gif.height], [64, 48]);
    assert.deepEqual(gif.delays, [8, 9, 8, 8, 9, 8, 8, 9, 8, 8]);
    assert.equal(gif.repeats, 0);
    assert.equal(summary.frames, 10);
    assert.equal(decode(out).frames, 10);
    const source = await gradient(10, 64, 48).frame(9);
    const difference = meanDifference(decodedFrame(out, 9, 64, 48), source);
    assert.ok(difference < 16, `${difference} of 255`);
  });
  it('counts loops as plays: once has no loop extension, three times repeats twice', async () => {
    const once = join(folder, 'once.gif');
    const thrice = join(folder, 'thrice.gif');
    await exportFrames(request({ out: once, format: 'gif', playback: { ...playback, loop: 1 } }));
    await exportFrames(request({ out: thrice, format: 'gif', playback: { ...playback, loop: 3 } }));
    assert.equal((await readGifStructure(once)).repeats, undefined);
    assert.equal((await readGifStructure(thrice)).repeats, 2);
  });
  it('keeps frames that do not change', async () => {
    const still = { ...gradient(6, 32, 32), frame: () => gradient(2, 32, 32).frame(0) };
    const out = join(folder, 'still.gif');
    await exportFrames(request({ out, format: 'gif', source: still }));
    assert.equal((await readGifStructure(out)).delays.length, 6);
  });
  it('takes one palette a frame where colours matter more than size', async () => {
    const out = join(folder, 'palettes.gif');
    await exportFrames(request({ out, format: 'gif', palette: 'per-frame', dither: 'sierra' }));
    const source = await gradient(10, 64, 48).frame(5);
    assert.ok(meanDifference(decodedFrame(out, 5, 64, 48), source) < 8);
  });
  it('says so when viewers cannot play it that fast', async () => {
    const notes: string[] = [];
    const fast = request({
      out: join(folder, 'fast.gif'),
      format: 'gif',
      playback: { ...playback, fps: 100 },
    });
    await exportFrames(fast, { onNote: (note) => notes.push(note) });
    assert.match(notes[0] ?? '', /100 fps is more than GIF viewers play/);
  });
});

describe('MP4, WebM, WebP and PNG sequences', () => {
  it('writes H.264 in yuv420p with the index in front and even sides', async () => {
    const out = join(folder, 'odd.mp4');
    await exportFrames(request({ out, format: 'mp4', source: gradient(10, 65, 47) }));
    const { frames, words } = decode(out);
    assert.equal(frames, 10);
    assert.match(words, /h264.*yuv420p.*bt709.*66x48.*12 fps/s);
    const bytes = readFileSync(out);
    assert.ok(bytes.indexOf('moov') < bytes.indexOf('mdat'));
    const even = join(folder, 'even.mp4');
    await exportFrames(request({ out: even, format: 'mp4', quality: 95 }));
    assert.ok(meanDifference(decodedFrame(even, 4, 64, 48), await gradient(10, 64, 48).frame(4)) < 4);
  });
  it('writes VP9 in WebM', async () => {
    const out = join(folder, 'a.webm');
    await exportFrames(request({ out, format: 'webm' }));
    const { frames, words } = decode(out);
    assert.equal(frames, 10);
    assert.match(words, /vp9/);
  });
  it('writes animated WebP that loops', async () => {
    const out = join(folder, 'a.webp');
    await exportFrames(request({ out, format: 'webp' }));
    const metadata = await sharp(out, { animated: true }).metadata();
    assert.deepEqual([metadata.pages, metadata.width, metadata.pageHeight, metadata.loop], [10, 64, 48, 0]);
  });
  it('writes a folder of PNG files that are the frames bit for bit', async () => {
    const out = join(folder, 'frames');
    await exportFrames(request({ out, format: 'png', document: '{"name":"Ж"}' }));
    assert.deepEqual(readdirSync(out).slice(0, 2), ['frame-00000.png', 'frame-00001.png']);
    const pixels = await sharp(join(out, 'frame-00003.png')).raw().toBuffer();
    assert.equal(meanDifference(pixels, await gradient(10, 64, 48).frame(3)), 0);
    await exportFrames(request({ out, format: 'png', source: gradient(3, 64, 48) }));
    assert.equal(readdirSync(out).length, 3, 'an earlier export is replaced whole');
  });
  it('refuses to replace a folder that holds other files', async () => {
    const out = join(folder, 'mine');
    mkdirSync(out);
    writeFileSync(join(out, 'diary.txt'), 'dear diary');
    await assert.rejects(exportFrames(request({ out, format: 'png' })), /holds other files \(diary\.txt\)/);
    assert.equal(readFileSync(join(out, 'diary.txt'), 'utf8'), 'dear diary');
  });
  it('scales to the asked size with the picture whole, cropped or stretched', async () => {
    for (const fit of ['contain', 'cover', 'stretch'] as const) {
      const out = join(folder, `size-${fit}.mp4`);
      const size = { width: 90, height: 160, fit, background: 'blur' as const };
      const summary = await exportFrames(request({ out, format: 'mp4', size }));
      assert.deepEqual([summary.width, summary.height], [90, 160]);
      assert.match(decode(out).words, /90x160/);
    }
  });
});

describe('the project inside every output', () => {
  const document = JSON.stringify({
    name: 'Кот → 犬 🐈',
    filler: Array.from({ length: 40_000 }, (_, i) => i * 7919),
  });
  for (const format of ['gif', 'mp4', 'webm', 'webp', 'png'] as const) {
    it(`comes back out of ${format}, ${Math.round(document.length / 1000)} KB of it`, async () => {
      const out = join(folder, format === 'png' ? 'carrier' : `carrier.${format}`);
      await exportFrames(request({ out, format, source: gradient(2, 32, 32), document }));
      assert.ok((await readProjectFrom(out)) === document);
      if (format !== 'png') assert.equal(decode(out).frames > 0 || format === 'webp', true);
      if (format === 'webp') assert.equal((await sharp(out, { animated: true }).metadata()).pages, 2);
    });
  }
  for (const quality of [80, 100]) {
    it(`comes back out of a WebP whose frames are all one picture, quality ${quality}`, async () => {
      const one = gradient(1, 33, 31);
      for (const source of [one, { ...one, count: 5, frame: () => one.frame(0) }]) {
        const out = join(folder, `still-${quality}-${source.count}.webp`);
        await exportFrames(request({ out, format: 'webp', source, quality, document }));
        assert.ok((await readProjectFrom(out)) === document);
        const { data, info } = await sharp(out).removeAlpha().raw().toBuffer({ resolveWithObject: true });
        assert.deepEqual([info.width, info.height], [33, 31]);
        // Lossless is exact; 80 stays within a few of 255 steps.
        assert.ok(meanDifference(data, await one.frame(0)) <= (quality === 100 ? 0 : 6));
      }
    });
  }
  for (const format of ['jpeg', 'png', 'webp'] as const) {
    it(`comes back out of a ${format} grid`, async () => {
      const out = join(folder, `grid.${format}`);
      await exportGrid({ ...gridOf(out), format, document });
      assert.ok((await readProjectFrom(out)) === document);
    });
  }
  it('is not found in files without one, or with a damaged one', async () => {
    const out = join(folder, 'plain.gif');
    await exportFrames(request({ out, format: 'gif', source: gradient(2, 16, 16) }));
    assert.equal(await readProjectFrom(out), undefined);
    const damaged = join(folder, 'damaged.mp4');
    writeFileSync(damaged, 'xxxx inbetween-project:1:!!!!.');
    assert.equal(await readProjectFrom(damaged), undefined);
  });
});

function gridOf(out: string) {
  const source = gradient(6, 40, 30);
  return {
    source,
    rows: 2,
    columns: 3,
    out,
    format: 'png' as const,
    gap: 0,
    background: '#101014',
    quality: 90,
  };
}

describe('grids', () => {
  it('places cells row by row without gaps', async () => {
    const out = join(folder, 'cells.png');
    await exportGrid(gridOf(out));
    const { data, info } = await sharp(out).raw().toBuffer({ resolveWithObject: true });
    assert.deepEqual([info.width, info.height], [120, 60]);
    const blueAt = (x: number, y: number): number => data[(y * info.width + x) * 3 + 2] as number;
    assert.deepEqual([blueAt(5, 5), blueAt(45, 5), blueAt(85, 5), blueAt(5, 35)], [0, 51, 102, 153]);
  });
  it('has exactly the asked width, with gaps and labels', async () => {
    const out = join(folder, 'labelled.png');
    const labels = ['a & b', '<b>', 'в', 'd', 'e', 'a label much longer than its cell is wide'];
    const summary = await exportGrid({ ...gridOf(out), gap: 5, width: 1050, labels });
    assert.equal(summary.width, 1050);
    const { data, info } = await sharp(out).raw().toBuffer({ resolveWithObject: true });
    const line = data.subarray(info.width * (info.height - 15) * 3);
    assert.ok(
      line.some((value) => value > 150),
      'the last label can be seen',
    );
  });
  it('refuses a sheet larger than its format can be', async () => {
    const huge = { ...gridOf(join(folder, 'huge.webp')), format: 'webp' as const, width: 20_000 };
    await assert.rejects(exportGrid(huge), /20000 x .* webp takes at most 16383 a side/);
  });
});

describe('failures', () => {
  it('leave the earlier file when the export is cancelled', async () => {
    const out = join(folder, 'kept.mp4');
    writeFileSync(out, 'earlier');
    const stop = new AbortController();
    const source = {
      ...gradient(500, 64, 48),
      frame: async (index: number) => {
        if (index === 20) stop.abort();
        return gradient(500, 64, 48).frame(index);
      },
    };
    await assert.rejects(
      exportFrames(request({ out, format: 'mp4', source }), { signal: stop.signal }),
      (error: AppError) => error.code === 'cancelled',
    );
    assert.equal(readFileSync(out, 'utf8'), 'earlier');
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('.part-')),
      [],
    );
  });
  it('of killed exports are cleared away, those of running ones are not', async (t) => {
    if (process.platform !== 'linux') return t.skip('zombies are made and seen on Linux');
    // The shell becomes `sleep`, which never asks after the child that has ended: a zombie.
    const keeper = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const [line] = (await once(keeper.stdout, 'data')) as [Buffer];
      const zombie = Number(line.toString());
      while (!readFileSync(`/proc/${zombie}/stat`, 'latin1').includes(') Z ')) await setImmediate();
      const left = join(folder, `.part-${zombie}.1-left.gif`);
      const running = join(folder, `.part-${keeper.pid}.1-left.gif`);
      writeFileSync(left, 'half');
      writeFileSync(running, 'half');
      await exportFrames(request({ out: join(folder, 'left.gif'), format: 'gif' }));
      assert.deepEqual([existsSync(left), existsSync(running)], [false, true]);
      rmSync(running);
    } finally {
      keeper.kill('SIGKILL');
    }
  });
  it('of one name may be under way together: each appears whole, the later one stays', async () => {
    const out = join(folder, 'twice.gif');
    await writeWhole(out, 'file', async (first) => {
      writeFileSync(first, 'half');
      await writeWhole(out, 'file', async (second) => writeFileSync(second, 'another one'));
      assert.equal(readFileSync(out, 'utf8'), 'another one');
      appendFileSync(first, ' and half');
    });
    assert.equal(readFileSync(out, 'utf8'), 'half and half');
  });
  it('pass on the error of a frame that cannot be read', async () => {
    const source = {
      ...gradient(5, 16, 16),
      frame: () => Promise.reject(new AppError('storage-failed', 'frame 3 is gone')),
    };
    await assert.rejects(
      exportFrames(request({ out: join(folder, 'x.gif'), format: 'gif', source })),
      /frame 3 is gone/,
    );
    assert.ok(!existsSync(join(folder, 'x.gif')));
  });
  it('name ffmpeg when it is missing', () => {
    assert.throws(
      () => findFfmpeg({ setting: '/nowhere/ffmpeg', platform: 'linux' }),
      (error: AppError) => error.code === 'ffmpeg-missing' && error.message.includes('/nowhere/ffmpeg'),
    );
  });
  it('say that the disk is full and leave nothing half-written', async (t) => {
    const disk = join(folder, 'small-disk');
    mkdirSync(disk);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
    if (mounted.status !== 0) return t.skip('a small tmpfs cannot be mounted here');
    try {
      const plain = gradient(8, 256, 256);
      // Noise cannot be compressed into the small disk.
      const noise = createGenerator();
      const source = { ...plain, frame: async () => Uint8Array.from({ length: 256 * 256 * 3 }, noise) };
      for (const [out, format] of [
        ['a', 'png'],
        ['a.mp4', 'mp4'],
        ['a.gif', 'gif'],
      ] as const) {
        await assert.rejects(
          exportFrames(request({ out: join(disk, out), format, source, quality: 100 })),
          (error: AppError) => error.code === 'disk-full' || error.code === 'export-failed',
          format,
        );
        assert.deepEqual(readdirSync(disk), [], format);
      }
    } finally {
      spawnSync('umount', [disk]);
    }
  });
  it('say that a folder is read-only', async (t) => {
    const disk = join(folder, 'read-only');
    mkdirSync(disk);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro,size=64k', 'tmpfs', disk]);
    if (mounted.status !== 0) return t.skip('a read-only tmpfs cannot be mounted here');
    try {
      await assert.rejects(
        exportFrames(request({ out: join(disk, 'a.gif'), format: 'gif' })),
        (error: AppError) => error.code === 'read-only',
      );
    } finally {
      spawnSync('umount', [disk]);
    }
  });
  it('name an ending, a preset or a rate that does not exist', async () => {
    assert.throws(() => formatOf('film.avi'), /\.avi.*\.gif, \.mp4, \.webm, \.webp/);
    assert.throws(() => gridFormatOf('grid.gif'), /\.gif/);
    assert.equal(formatOf('frames'), 'png');
    assert.throws(() => presetById('nope'), /There is no preset nope; there are gif-100ms/);
    const wrong = request({ out: join(folder, 'r.gif'), format: 'gif', playback: { ...playback, fps: 0 } });
    await assert.rejects(exportFrames(wrong), /fps is 0; it takes a number above 0/);
  });
});

describe('presets', () => {
  it('each have their own id, a title and a description', () => {
    assert.equal(new Set(PRESETS.map(({ id }) => id)).size, PRESETS.length);
    for (const { title, description } of PRESETS) assert.ok(title.length > 2 && description.length > 10);
  });
});
