import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { forEachLauncher, type LaunchedStudio } from '../launchers/each.ts';
import { dropFile } from './dropped-file.ts';
import { smallWalk } from './small-walk.ts';

const DOCUMENT = smallWalk(2);

forEachLauncher('files of an artist', (launch) => {
  let studio: LaunchedStudio;
  let gif: string;
  before(async () => void (studio = await launch()));
  after(() => studio?.close());
  const messages = () => studio.page.getByRole('log', { name: 'Messages' });

  test('a dropped JSON project opens as a project of its own', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'New project' }).waitFor();
    const file = join(studio.folder, 'small-walk.json');
    writeFileSync(file, JSON.stringify(DOCUMENT));
    await dropFile(page, file);
    await page.getByRole('heading', { name: 'Small walk' }).waitFor();
    await page.getByText('Every frame is rendered').waitFor({ timeout: 60_000 });
  });

  test('a copy is saved, with everything in it', async () => {
    const { page } = studio;
    const copy = await studio.savedFile(() => page.keyboard.press('Control+Shift+KeyS'));
    assert.match(copy, /Small walk.*\.inbetween$/);
    await checkCopy(copy);
  });

  test('an exported GIF that is dropped back brings its project', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'Export' }).first().click();
    await page.getByRole('radio', { name: 'GIF' }).click();
    await page.getByRole('radio', { name: 'Download' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Export' }).click();
    const link = page.getByRole('link', { name: /^Save / });
    await link.waitFor();
    gif = await studio.savedFile(() => link.click());
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'inbetween', exact: true }).click();
    await page.getByRole('button', { name: 'New project' }).waitFor();
    await dropFile(page, gif);
    await page.getByRole('heading', { name: 'Small walk' }).waitFor();
    await page.getByRole('button', { name: 'Prompt at frame 2: blue dog' }).waitFor();
  });

  test('a dropped picture becomes what the frame under the playhead starts from', async () => {
    const { page } = studio;
    const file = join(studio.folder, 'sky.png');
    const colour = { r: 90, g: 140, b: 220 };
    await sharp({ create: { width: 64, height: 64, channels: 3, background: colour } })
      .png()
      .toFile(file);
    await dropFile(page, file);
    await messages().getByText('sky.png').waitFor();
    await page.getByRole('button', { name: 'Undo: Put sky.png at frame 0' }).click();
  });

  test('what cannot be opened is refused with what could be', async () => {
    const file = join(studio.folder, 'notes.txt');
    writeFileSync(file, 'no project');
    await dropFile(studio.page, file);
    await messages()
      .getByText(/notes\.txt cannot be opened; accepted are/)
      .waitFor();
  });

  test('the first screen lists the projects of late and opens one', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'inbetween', exact: true }).click();
    const recent = page.getByRole('list', { name: 'Recent projects' });
    const first = recent.getByRole('button', { name: /^Small walk/ }).first();
    await first.waitFor();
    await studio.screenshot('8-recent');
    await first.click();
    await page.getByRole('heading', { name: 'Small walk' }).waitFor();
    assert.deepEqual(studio.problems, []);
  });

  test('a window that is loaded anew comes back to its project; one that is gone is told of once', async () => {
    const { page } = studio;
    await page.reload();
    await page.getByRole('heading', { name: 'Small walk' }).waitFor();
    await page.evaluate("sessionStorage.setItem('inbetween.open-project', '/nowhere/lost.inbetween')");
    await page.reload();
    await messages().getByText('lost.inbetween').waitFor();
    await page.getByRole('button', { name: 'New project' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'New project' }).waitFor();
    assert.equal(await messages().getByText('lost.inbetween').count(), 0);
  });

  /** The copy appears whole, after the dialog for its place has closed. */
  async function checkCopy(file: string): Promise<void> {
    if (studio.launcher === 'electron') await messages().getByText('The copy is saved').waitFor();
    assert.equal(readFileSync(file).subarray(0, 15).toString(), 'SQLite format 3');
  }
});
