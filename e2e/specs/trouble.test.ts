import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { forEachLauncher, type LaunchedStudio } from '../launchers/each.ts';
import { dropFile } from './dropped-file.ts';

/** Small and short, so that it renders in seconds, with enough steps that a frame can be met in its middle. */
const DOCUMENT = {
  format: 'inbetween/1',
  name: 'Stormy weather',
  model: 'fluent-world',
  size: { width: 128, height: 128 },
  fps: 8,
  sampler: { scheduler: 'dpm++2m', steps: 14, guidanceScale: 5 },
  keyframes: [
    { frame: 0, prompt: 'red cat', seed: 1 },
    { frame: 8, prompt: 'blue dog' },
  ],
};

forEachLauncher('trouble while frames are rendered', (launch) => {
  let studio: LaunchedStudio;
  before(async () => void (studio = await launch()));
  after(() => studio?.close());
  const status = () => studio.page.getByRole('contentinfo', { name: 'Status' });
  const badge = (text: string | RegExp) => studio.page.locator('.badge', { hasText: text });
  const go = async (frame: number): Promise<void> => {
    await studio.page.keyboard.press('Home');
    for (let at = 0; at < frame; at++) await studio.page.keyboard.press('ArrowRight');
  };

  test('holes show the nearest frame, or both neighbours one over the other', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'New project' }).waitFor();
    const file = join(studio.folder, 'stormy.json');
    writeFileSync(file, JSON.stringify(DOCUMENT));
    await dropFile(page, file);
    await page.getByRole('heading', { name: 'Stormy weather' }).waitFor();
    await page.getByRole('button', { name: /^Each frame: draft/ }).click();
    await page.getByText('final only', { exact: true }).waitFor();
    // The keyframes come first, then the middle.
    await badge('final').waitFor({ timeout: 60_000 });
    await page.keyboard.press('End');
    await badge('final').waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Pause rendering' }).click();
    await status()
      .getByText(/^Paused at [2-8] of 9/)
      .waitFor();
    await go(7);
    await badge(/shows [68]/).waitFor();
    await page.getByRole('button', { name: 'Cross-fade where frames are missing' }).click();
    await badge(/shows \d and 8/).waitFor();
    await studio.screenshot('trouble-1-cross-fade');
  });

  test('a frame whose engine dies says so, and is rendered when it is tried again', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'Resume rendering' }).click();
    const failed = page.getByRole('alert').filter({ hasText: 'Frame 7 could not be rendered' });
    // It is tried a second time by itself, so the engine has to die twice in this frame.
    let killed: number | undefined;
    while (!(await failed.isVisible())) {
      const engine = studio.engine();
      if (engine !== undefined && engine !== killed && (await badge(/step \d/).isVisible())) {
        process.kill(engine, 'SIGKILL');
        killed = engine;
      }
      assert.equal(await badge('final').isVisible(), false, 'frame 7 was rendered before the engine died');
    }
    await failed.getByText('SIGKILL').waitFor();
    await studio.screenshot('trouble-2-failed');
    await failed.getByRole('button', { name: 'Try again' }).click();
    await badge('final').waitFor({ timeout: 60_000 });
    assert.equal(await failed.isVisible(), false);
    await status().getByText('Every frame is rendered').waitFor({ timeout: 60_000 });
  });

  test('the host is killed in the middle of a render, which goes on with what is missing', async () => {
    const { page } = studio;
    await page.getByLabel('Frames per second').fill('16');
    await page.getByLabel('Frames per second').press('Enter');
    await status()
      .getByText(/^Rendering (9|1[0-5]) of 17/)
      .waitFor();
    await studio.killHost();
    await status().getByText('Host lost').waitFor();
    await studio.startHost();
    await status().getByText('Host lost').waitFor({ state: 'detached' });
    // What was stored counts as done.
    await status()
      .getByText(/^Rendering (9|1\d) of 17/)
      .waitFor();
    await status().getByText('Every frame is rendered').waitFor({ timeout: 60_000 });
  });

  test('no script failed and no content was refused', () => {
    assert.deepEqual(studio.problems, []);
  });
});
