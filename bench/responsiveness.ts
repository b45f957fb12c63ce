import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { findChromium } from '../scripts/browser-env.ts';
import { buildWindow } from '../scripts/build-window.ts';
import { createHost } from '../src-main/host/host.ts';
import { serve } from '../src-main/server.ts';
import type { BenchmarkResult } from './bench.ts';
import { quantile } from './measure.ts';
import { watchThread } from './screen-frames.ts';

const ROOT = join(import.meta.dirname, '..');
const TICK_MS = 4;
const SECONDS = Number(process.env.BENCH_SECONDS ?? 15);
const FRAMES = 10_000;
const KEYS = 300;
/** Runs in the page: times between the ticks of a short timer, since the last time that they were taken. */
const RECORD = `{
  let last = performance.now();
  globalThis.gaps = [];
  setInterval(() => {
    const now = performance.now();
    globalThis.gaps.push(now - last);
    last = now;
  }, ${TICK_MS});
}`;
const TAKE = 'globalThis.gaps.splice(0)';

/**
 * The longest gaps of timers in the host's process and in the window while frames are rendered: what blocks a timer
 * would freeze the studio. The host runs in this process, the engine in its own, the window in a real Chromium.
 */
export async function run(): Promise<BenchmarkResult> {
  const executable = findChromium();
  if (executable === undefined)
    throw new Error('The benchmark needs Chromium; INBETWEEN_CHROMIUM names one.');
  await buildWindow();
  const folder = mkdtempSync(join(tmpdir(), 'inbetween-responsiveness-'));
  const projects = join(folder, 'projects');
  mkdirSync(projects);
  const host = createHost({
    paths: {
      bundledModels: join(ROOT, 'models'),
      projects,
      userModels: join(folder, 'models'),
      settings: join(folder, 'settings.json'),
      presets: join(folder, 'presets'),
      embeddings: join(folder, 'embeddings'),
      cache: join(folder, 'cache'),
    },
    clock: Date.now,
    platform: process.platform,
    provider: 'cpu',
    // As whatever serves a window has it.
    inBackground: true,
  });
  const server = await serve({ host, clock: Date.now, platform: process.platform, port: 0 });
  const browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox'] });
  const ticks = recordTicks();
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(60_000);
    await page.goto(`${server.origin}/?token=${server.token}`);
    await page.evaluate(RECORD);
    const rows: BenchmarkResult['rows'][number][] = [];
    const measure = async (what: string, work: () => Promise<void>): Promise<void> => {
      let host: Ticks = { gaps: [], busy: [] };
      let window: number[] = [];
      const { tasks } = await watchThread(page, async () => {
        await page.evaluate(TAKE);
        ticks.take();
        await work();
        host = ticks.take();
        window = await page.evaluate<number[]>(TAKE);
      });
      rows.push([`${what}: host`, ...figures(host.gaps), Math.max(...host.busy)]);
      rows.push([`${what}: window`, ...figures(window), Math.max(...tasks.map(({ cpu }) => cpu))]);
    };

    await measure('at rest', () => page.waitForTimeout(3000));
    await measure('opening an example and rendering it', async () => {
      await page.getByRole('button', { name: 'Red cat to blue dog' }).click();
      await page.waitForTimeout(SECONDS * 1000);
    });
    await openLong(page, server.origin);
    await measure(`opening ${FRAMES.toLocaleString('en')} frames and rendering them`, async () => {
      await page.getByRole('button', { name: 'long.json' }).click();
      await page.waitForTimeout(SECONDS * 1000);
    });
    await measure('moving a key of that film meanwhile', async () => {
      for (let i = 0; i < 5; i++) {
        // A locator would read the names of a thousand buttons, in the thread that is measured.
        await page.evaluate(`document.querySelector('[data-key^="prompt "]').focus()`);
        await page.keyboard.press('ArrowRight');
        await page.waitForTimeout(1500);
        await page.keyboard.press('Control+Z');
        await page.waitForTimeout(500);
      }
    });
    return {
      title: 'Gaps between the ticks of a timer while frames are rendered, milliseconds',
      columns: ['', 'median', '99.9 %', 'longest', 'longest, processor'],
      rows,
      notes: [
        `The timers are set to ${TICK_MS} ms. The engine computes on all cores meanwhile, so part of a gap is waiting for one; the last column is the longest that the thread itself computed without a pause (in the window: Chromium's longest task).`,
      ],
    };
  } finally {
    ticks.stop();
    await browser.close();
    await server.close();
    await host.dispose();
    rmSync(folder, { recursive: true, force: true });
  }

  async function openLong(page: Page, origin: string): Promise<void> {
    const keyframes = Array.from({ length: KEYS }, (_, i) => ({
      frame: Math.round((i * (FRAMES - 1)) / (KEYS - 1)),
      prompt: `cat number ${i}`,
      seed: i,
    }));
    const document = { format: 'inbetween/1', name: 'Long', model: 'fluent-world', fps: 24, keyframes };
    writeFileSync(join(projects, 'long.json'), JSON.stringify(document));
    process.env.HOME = folder;
    await page.goto(`${origin}/`);
    await page.evaluate(RECORD);
    await page.getByRole('button', { name: 'Open …' }).click();
    await page.getByRole('button', { name: 'projects' }).click();
  }
}

interface Ticks {
  /** Milliseconds between ticks, and milliseconds of them that this thread computed. */
  readonly gaps: number[];
  readonly busy: number[];
}

function recordTicks(): { take(): Ticks; stop(): void } {
  let ticks: Ticks = { gaps: [], busy: [] };
  let last = performance.now();
  let before = threadMs();
  const timer = setInterval(() => {
    const now = performance.now();
    const used = threadMs();
    ticks.gaps.push(now - last);
    ticks.busy.push(used - before);
    last = now;
    before = used;
  }, TICK_MS);
  return {
    take() {
      const taken = ticks;
      ticks = { gaps: [], busy: [] };
      return taken;
    },
    stop: () => clearInterval(timer),
  };
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function figures(gaps: readonly number[]): [number, number, number] {
  return [quantile(gaps, 0.5), quantile(gaps, 0.999), quantile(gaps, 1)];
}
