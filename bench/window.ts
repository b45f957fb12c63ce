import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchBrowser } from '../e2e/launchers/browser.ts';
import { findChromium } from '../scripts/browser-env.ts';
import { buildWindow } from '../scripts/build-window.ts';
import type { BenchmarkResult } from './bench.ts';
import { quantile } from './measure.ts';
import { watchThread } from './screen-frames.ts';

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
    // Asked for like this, because locators would read the whole page again and again, in the thread that is measured.
    await until(`document.querySelector('[data-key^="prompt "]') !== null`);
    const opened = performance.now() - began;
    await until(`document.querySelectorAll('[data-key^="prompt "]').length === ${KEYS}`);
    const drawn = performance.now() - began;
    const text = `${FRAMES.toLocaleString('en')} frames to render`;
    await until(`document.querySelector('footer').textContent.includes('${text}')`);
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
        ...rowsOf('scrubbing', scrubbed),
        ...rowsOf('dragging a key', dragged),
        ['opening until the timeline shows', opened, '', ''],
        ['opening until every key is drawn', drawn, '', ''],
        ['opening until every frame is known', planned, '', ''],
      ],
      notes: [
        "Work is all that the page's thread does for a frame of the screen: scripts, styles, layout, paint. Processor is the part of it that the thread was computing; the rest it waited for a core. Between frames is what the screen shows, at best every 16.7.",
      ],
    };
  } finally {
    await studio.close();
  }

  async function until(expression: string): Promise<void> {
    while (!(await page.evaluate<boolean>(expression))) await page.waitForTimeout(5);
  }

  /** Presses, moves in small steps and lets go. */
  async function gesture(x: number, y: number, by: number): Promise<Gesture> {
    await page.mouse.move(x, y);
    await page.mouse.down();
    let gaps: number[] = [];
    const { frames } = await watchThread(page, async () => {
      await page.evaluate(RECORD);
      for (let i = 1; i <= MOVES; i++) await page.mouse.move(x + i * by, y);
      gaps = (await page.evaluate<number[]>('globalThis.gaps')).slice(1);
    });
    await page.mouse.up();
    return { work: frames.map(({ wall }) => wall), processor: frames.map(({ cpu }) => cpu), gaps };
  }
}

/** Milliseconds, one a frame of the screen. */
interface Gesture {
  readonly work: readonly number[];
  readonly processor: readonly number[];
  readonly gaps: readonly number[];
}

function rowsOf(what: string, { work, processor, gaps }: Gesture): BenchmarkResult['rows'] {
  return [
    [`${what}: work a frame`, ...figures(work)],
    [`${what}: processor a frame`, ...figures(processor)],
    [`${what}: between frames`, ...figures(gaps)],
  ];
}

function figures(values: readonly number[]): [number, number, number] {
  return [quantile(values, 0.5), quantile(values, 0.95), quantile(values, 1)];
}
