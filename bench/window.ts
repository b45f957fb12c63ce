import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchBrowser } from '../e2e/launchers/browser.ts';
import { findChromium } from '../scripts/browser-env.ts';
import { buildWindow } from '../scripts/build-window.ts';
import type { BenchmarkResult } from './bench.ts';

const FRAMES = 10_000;
const KEYS = 300;
const MOVES = 120;
/** Runs in the page: keeps the gaps between its animation frames. */
const RECORD = `{
  globalThis.gaps = [];
  let last = performance.now();
  const tick = () => {
    const now = performance.now();
    globalThis.gaps.push(now - last);
    last = now;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}`;

/**
 * A film of 10,000 frames and 300 keyframes in a real Chromium: how long it takes to open, and how long the screen's
 * frames take while a key is dragged and while the playhead is scrubbed. Nothing is rendered meanwhile.
 */
export async function run(): Promise<BenchmarkResult> {
  const executable = findChromium();
  if (executable === undefined)
    throw new Error('The benchmark needs Chromium; INBETWEEN_CHROMIUM names one.');
  await buildWindow();
  const studio = await launchBrowser(executable);
  const { page } = studio;
  try {
    const folder = join(studio.folder, 'Inbetween');
    mkdirSync(folder, { recursive: true });
    const keyframes = Array.from({ length: KEYS }, (_, i) => ({
      frame: Math.round((i * (FRAMES - 1)) / (KEYS - 1)),
      prompt: `cat number ${i}`,
      seed: i,
      guidanceScale: 3 + (i % 5),
    }));
    const document = { format: 'inbetween/1', name: 'Long', model: 'fluent-world', fps: 24, keyframes };
    writeFileSync(join(folder, 'long.json'), JSON.stringify(document));
    await page.evaluate(
      `localStorage.setItem('inbetween.preferences', JSON.stringify({ version: 1, autoRender: false }))`,
    );
    await page.reload();
    await page.getByRole('button', { name: 'Open …' }).click();
    await page.getByRole('button', { name: 'Inbetween' }).click();
    // Once, so that the model's files are read and hashed; and the project is in the folder as a file of its own.
    await page.getByRole('button', { name: 'long.json' }).click();
    await page.getByText(`${FRAMES.toLocaleString('en')} frames to render`).waitFor();
    await page.getByRole('button', { name: 'inbetween', exact: true }).click();
    await page.getByRole('button', { name: 'Open …' }).click();
    await page.getByRole('button', { name: 'Inbetween' }).click();
    const began = performance.now();
    await page.getByRole('button', { name: 'Long.inbetween' }).click();
    await page.getByRole('button', { name: 'Prompt at frame 0: cat number 0' }).waitFor();
    const opened = performance.now() - began;
    await page.getByText(`${FRAMES.toLocaleString('en')} frames to render`).waitFor();
    const planned = performance.now() - began;

    const ruler = await page.getByRole('slider', { name: 'Playhead' }).boundingBox();
    const key = await page
      .getByRole('button', { name: /^Guidance scale at frame 50/ })
      .first()
      .boundingBox();
    if (ruler === null || key === null) throw new Error('The timeline is not there.');
    const scrubbed = await gesture(ruler.x + 20, ruler.y + 10, 8);
    const dragged = await gesture(key.x, key.y + key.height / 2, 1);
    return {
      title: `The window with ${FRAMES.toLocaleString('en')} frames and ${KEYS} keyframes, milliseconds`,
      columns: ['', 'median', '95 %', 'longest'],
      rows: [
        ['frame while scrubbing', ...scrubbed],
        ['frame while dragging a key', ...dragged],
        ['opening until the timeline shows', opened, '', ''],
        ['opening until every frame is known', planned, '', ''],
      ],
      notes: ['The times of frames are the gaps between animation frames; 16.7 is the screen itself.'],
    };
  } finally {
    await studio.close();
  }

  /** Presses, moves in small steps and lets go; the gaps between the screen's frames meanwhile. */
  async function gesture(x: number, y: number, by: number): Promise<[number, number, number]> {
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.evaluate(RECORD);
    for (let i = 1; i <= MOVES; i++) await page.mouse.move(x + i * by, y);
    const gaps = await page.evaluate<number[]>('globalThis.gaps');
    await page.mouse.up();
    const sorted = gaps.slice(1).sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
    return [at(0.5), at(0.95), at(1)];
  }
}
