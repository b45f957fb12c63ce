import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createPresetLibrary } from './custom-presets.ts';
import { estimateSize, previewFrame } from './estimate.ts';
import { exportFrames } from './export-frames.ts';
import { findFfmpeg } from './ffmpeg.ts';
import { exportWithin } from './fit.ts';
import { nearestFrames } from './frame-sources.ts';
import type { ExportFormat, ExportRequest, FrameSource } from './types.ts';

const SIDE = 96;
/** Soft stripes that drift, with grain: neither format finds them easy. */
const drawn = new Map<number, Uint8Array>();
const film = (count: number): FrameSource => ({
  count,
  width: SIDE,
  height: SIDE,
  frame: async (index) => {
    const before = drawn.get(index);
    if (before !== undefined) return before;
    const rgb = new Uint8Array(SIDE * SIDE * 3);
    for (let at = 0; at < rgb.length; at++) {
      const pixel = Math.floor(at / 3);
      const [x, y] = [pixel % SIDE, Math.floor(pixel / SIDE)];
      const wave = Math.sin((x + index * 2) / 9) + Math.cos((y - index) / 7) * Math.sin((at % 3) + x / 30);
      rgb[at] = 127 + wave * 50 + ((at * 7919 + index * 104729) % 23);
    }
    drawn.set(index, rgb);
    return rgb;
  },
});

describe('the size of an export', () => {
  let folder = '';
  before(() => void (folder = mkdtempSync(join(tmpdir(), 'inbetween-estimate-test-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const request = (
    format: ExportFormat,
    count: number,
    over: Partial<ExportRequest> = {},
  ): ExportRequest => ({
    source: film(count),
    format,
    out: join(folder, `film.${format}`),
    playback: { fps: 12, loop: 0, pingPong: false, holdFirst: 0, holdLast: 0 },
    quality: 80,
    dither: 'bayer',
    palette: 'global',
    document: JSON.stringify({ name: 'a film' }),
    ffmpeg: findFfmpeg({ path: process.env.PATH ?? '', platform: process.platform }),
    threads: 1,
    ...over,
  });

  for (const format of ['gif', 'mp4', 'webp'] as const) {
    test(`${format}: samples tell it to a fifth`, async () => {
      const wanted = request(format, 60);
      const estimate = await estimateSize(wanted, Array(60).fill(true));
      const { bytes } = await exportFrames(wanted);
      assert.ok(estimate !== null && !estimate.exact && estimate.sampled < 30);
      const error = Math.abs(estimate.bytes / bytes - 1);
      assert.ok(error < 0.2, `${estimate.bytes} estimated, ${bytes} written`);
      assert.ok(estimate.low < estimate.bytes && estimate.bytes < estimate.high);
    });
  }

  test('of a short film is no estimate', async () => {
    const wanted = request('gif', 8);
    const estimate = await estimateSize(wanted, Array(8).fill(true));
    assert.ok(estimate?.exact);
    assert.equal(estimate.bytes, (await exportFrames(wanted)).bytes);
  });

  test('is not known while no frame is there, and known from those that are', async () => {
    const wanted = request('gif', 40);
    assert.equal(await estimateSize(wanted, Array(40).fill(false)), null);
    const some = await estimateSize(
      wanted,
      Array.from({ length: 40 }, (_, at) => at % 3 === 0),
    );
    assert.ok((some?.bytes ?? 0) > 10_000);
  });

  test('a limit is kept by the file itself, and it is said what gave way', async () => {
    for (const format of ['gif', 'mp4'] as const) {
      const free = await exportFrames(request(format, 26));
      const limit = Math.round(free.bytes * (format === 'gif' ? 0.4 : 0.6));
      const notes: string[] = [];
      const wanted = request(format, 26, { out: join(folder, `small.${format}`) });
      const { bytes, chosen } = await exportWithin(wanted, limit, {
        onNote: (note) => void notes.push(note),
      });
      assert.ok(bytes <= limit, `${format}: ${bytes} of ${limit}`);
      assert.equal(statSync(wanted.out).size, bytes);
      assert.ok(bytes > limit * 0.4, `${format}: much smaller than it had to be: ${bytes} of ${limit}`);
      assert.ok(chosen.quality < 80 || chosen.width < SIDE || chosen.fps < 12);
      assert.match(notes.join(), /instead of/);
    }
  });

  test('a limit that nothing keeps is an error, and no file is left', async () => {
    const wanted = request('gif', 12, { out: join(folder, 'never.gif') });
    await assert.rejects(exportWithin(wanted, 500), /cannot be made as small as 500 bytes; the smallest/);
    assert.ok(!readdirSync(folder).some((name) => name.includes('never')));
  });

  test('a preview shows the frame before and after', async () => {
    for (const format of ['gif', 'mp4'] as const) {
      const preview = await previewFrame(request(format, 10), 4, Array(10).fill(true));
      assert.ok(preview !== null);
      for (const png of [preview.before, preview.after]) {
        assert.equal(Buffer.from(png).toString('latin1', 1, 4), 'PNG');
      }
      assert.notDeepEqual(preview.before, preview.after);
    }
  });

  test('missing frames look like their nearest neighbour', async () => {
    const source = { count: 5, width: 1, height: 1, frame: async (at: number) => Uint8Array.of(at, at, at) };
    const filled = nearestFrames(source, [false, true, false, false, true]);
    const shown = await Promise.all([0, 1, 2, 3, 4].map(async (at) => (await filled.frame(at))[0]));
    assert.deepEqual(shown, [1, 1, 1, 4, 4]);
  });
});

test('presets of the user are files that can be handed on', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'inbetween-presets-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const library = createPresetLibrary(folder);
  const preset = {
    id: 'chat',
    title: 'Chat',
    description: 'Small.',
    format: 'gif' as const,
    quality: 60,
    maxBytes: 8_000_000,
  };
  await library.save(preset);
  assert.deepEqual(await createPresetLibrary(folder).get('chat'), preset);
  await assert.rejects(library.save({ ...preset, id: 'loop' }), /comes with Inbetween/);
  // Another machine's copy under another name is another preset.
  writeFileSync(join(folder, 'from-ada.json'), readFileSync(join(folder, 'chat.json')));
  writeFileSync(join(folder, 'broken.json'), '{"preset":"inbetween-preset/1","format":"avi"}');
  const { presets, problems } = await library.list();
  assert.deepEqual(
    presets.filter(({ custom }) => custom).map(({ id }) => id),
    ['chat', 'from-ada'],
  );
  assert.match(problems.join(), /broken\.json cannot be understood/);
  await library.remove('chat');
  await assert.rejects(library.get('chat'), /There is no preset chat/);
  await assert.rejects(library.remove('loop'), { code: 'not-found' });
});
