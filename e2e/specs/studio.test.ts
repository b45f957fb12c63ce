import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { forEachLauncher, type LaunchedStudio } from '../launchers/each.ts';
import { seriousFindings } from './serious-findings.ts';

forEachLauncher('an artist', (launch) => {
  let studio: LaunchedStudio;
  before(async () => void (studio = await launch()));
  after(() => studio?.close());

  const status = () => studio.page.getByRole('contentinfo', { name: 'Status' });

  test('the first screen offers a new project and examples', async () => {
    await studio.page.getByRole('button', { name: 'New project' }).waitFor();
    await studio.page.getByRole('button', { name: 'Red cat to blue dog' }).waitFor();
    await studio.screenshot('1-start');
    assert.deepEqual(await seriousFindings(studio.page), []);
  });

  test('a new project: two prompts make a morph', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'New project' }).click();
    await page.getByLabel('Prompt', { exact: true }).fill('red cat, 4k photo');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Prompt at frame 0: red cat, 4k photo' }).waitFor();
    // A short film: the model is real, and this machine may be slow.
    await page.getByRole('slider', { name: 'Playhead' }).focus();
    for (let i = 0; i < 6; i++) await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.getByLabel('Prompt', { exact: true }).fill('blue dog at the beach');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Prompt at frame 6: blue dog at the beach' }).waitFor();
    await page.getByText('frame 6', { exact: true }).waitFor();
    // The model is opened for the first time, and a draft comes before.
    await page.locator('.badge', { hasText: 'final' }).waitFor({ timeout: 60_000 });
    await studio.screenshot('2-two-prompts');
  });

  test('a dragged key moves, undo brings it back', async () => {
    const { page } = studio;
    const key = page.getByRole('button', { name: 'Prompt at frame 6: blue dog at the beach' });
    const box = await key.boundingBox();
    assert.ok(box !== null);
    await page.mouse.move(box.x + 20, box.y + 30);
    await page.mouse.down();
    await page.mouse.move(box.x + 90, box.y + 30, { steps: 6 });
    await page.mouse.up();
    await key.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: /^Undo: Move keyframe/ }).click();
    await key.waitFor();
    await page.getByRole('button', { name: /^Redo: Move keyframe/ }).waitFor();
  });

  test('a key of another row moves alone', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'Add a guidance scale key at the playhead' }).click();
    const key = page.getByRole('button', { name: 'Guidance scale at frame 6: 5' });
    const box = await key.boundingBox();
    assert.ok(box !== null);
    await page.mouse.move(box.x + 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + 150, box.y + box.height / 2, { steps: 6 });
    await page.mouse.up();
    await key.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Prompt at frame 6: blue dog at the beach' }).waitFor();
    await page.getByRole('button', { name: 'Undo: Move key', exact: true }).waitFor();
  });

  test('the host is killed in the middle and the work goes on', async () => {
    const { page } = studio;
    await studio.killHost();
    await status().getByText('Host lost').waitFor();
    await studio.startHost();
    await status().getByText('Host lost').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Prompt at frame 6: blue dog at the beach' }).waitFor();
    assert.equal(await page.getByRole('heading', { name: 'Untitled' }).count(), 1);
  });

  test('the example renders, plays and exports', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'inbetween', exact: true }).click();
    await page.getByRole('button', { name: 'Red cat to blue dog' }).click();
    await status().getByText('Every frame is rendered').waitFor({ timeout: 240_000 });
    await studio.screenshot('3-rendered');
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    const playhead = page.getByRole('slider', { name: 'Playhead' });
    await page.locator('[aria-label="Playhead"]:not([aria-valuenow="0"])').waitFor();
    await page.keyboard.press('KeyK');
    const stopped = await playhead.getAttribute('aria-valuenow');
    await page.keyboard.press('ArrowLeft');
    const before = String(Math.max(0, Number(stopped) - 1));
    assert.equal(await playhead.getAttribute('aria-valuenow'), before);
    for (const format of ['GIF', 'MP4'] as const) {
      await page.getByRole('button', { name: 'Export' }).first().click();
      await page.getByRole('radio', { name: format }).click();
      await page.getByRole('radio', { name: 'Download' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Export' }).click();
      const link = page.getByRole('link', { name: /^Save / });
      await link.waitFor();
      await studio.screenshot(`4-exported-${format.toLowerCase()}`);
      const file = await studio.savedFile(() => link.click());
      const start = readFileSync(file).subarray(0, 12).toString('latin1');
      assert.match(start, format === 'GIF' ? /^GIF89a/ : /ftyp/);
      assert.ok(statSync(file).size > 10_000);
      await page.getByRole('dialog').getByRole('button', { name: 'Close' }).first().click();
    }
    assert.deepEqual(await seriousFindings(studio.page), []);
  });

  test('shortcuts are listed, and the light theme is legible', async () => {
    const { page } = studio;
    await page.keyboard.press('F1');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await studio.screenshot('5-shortcuts');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+Shift+KeyL');
    await page.locator('html[data-theme="light"]').waitFor();
    await studio.screenshot('6-light');
    assert.deepEqual(await seriousFindings(studio.page), []);
  });

  test('a grid of four corners renders, and a way through it becomes keyframes', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'Grid', exact: true }).click();
    await page.getByRole('button', { name: 'Make a grid of 5 × 5' }).click();
    await page.getByLabel('Rows').fill('2');
    await page.keyboard.press('Tab');
    await page.getByLabel('Columns').fill('3');
    await page.keyboard.press('Tab');
    await page.getByLabel('Bottom left').fill('ship in ice');
    await page.keyboard.press('Tab');
    await page
      .getByText(/to render/)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Render the grid' }).click();
    await page.getByText('Every cell is rendered').waitFor({ timeout: 120_000 });
    await page.getByRole('radio', { name: 'Draw a way' }).click();
    await page.getByRole('button', { name: 'Row 1, column 1' }).click();
    await page.getByRole('button', { name: 'Row 2, column 3' }).click();
    await page.getByRole('img', { name: 'Row 2, column 3' }).waitFor();
    await studio.screenshot('7-grid');
    assert.deepEqual(await seriousFindings(studio.page), []);
    await page.getByRole('button', { name: 'Make keyframes of the way' }).click();
    await page.getByRole('button', { name: 'Show all frames' }).click();
    await page.getByRole('button', { name: /^Prompt at frame 48: / }).waitFor();
    await page.getByRole('button', { name: /^Prompt at frame 72: / }).waitFor();
    await page.getByRole('button', { name: 'Undo: Travel through the grid' }).click();
    await page.getByRole('button', { name: /^Prompt at frame 72: / }).waitFor({ state: 'detached' });
  });

  test('an unusable value is refused with a message, and nothing changes', async () => {
    const { page } = studio;
    const fps = page.getByLabel('Frames per second');
    await fps.fill('1000');
    await fps.press('Enter');
    await page.getByRole('log').getByText('120').waitFor();
    await page.getByText('/ 00:02.01').waitFor();
  });

  test('no script failed and no content was refused', () => {
    assert.deepEqual(studio.problems, []);
  });
});
