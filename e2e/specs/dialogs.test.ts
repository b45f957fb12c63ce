import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { forEachLauncher, type LaunchedStudio } from '../launchers/each.ts';
import { dropFile } from './dropped-file.ts';
import { seriousFindings } from './serious-findings.ts';
import { smallWalk } from './small-walk.ts';

/** Twelve frames: two rows of a contact sheet. */
const DOCUMENT = { ...smallWalk(11), name: 'Two rows' };

forEachLauncher('fields, dialogs and messages', (launch) => {
  let studio: LaunchedStudio;
  before(async () => void (studio = await launch({ width: 1280, height: 800 })));
  after(() => studio?.close());
  const dialog = () => studio.page.getByRole('dialog');
  const messages = () => studio.page.getByRole('log', { name: 'Messages' });

  test('a dialog whose file does not come says so, and opens once it can be had', async (context) => {
    const { page } = studio;
    if (studio.launcher === 'electron') return context.skip('the desktop has its files beside it');
    await page.getByRole('button', { name: 'New project' }).waitFor();
    // No dialog is fetched beforehand; each comes when it is opened.
    await page.addInitScript('window.requestIdleCallback = () => 0');
    const isDialog = /ShortcutSheet[^/]*\.js$/;
    await page.route(isDialog, (route) => route.abort());
    await page.reload();
    await page.getByRole('button', { name: 'New project' }).waitFor();
    await page.keyboard.press('F1');
    await messages().getByText('The dialog could not be loaded').waitFor();
    assert.equal(await dialog().count(), 0);
    await page.getByRole('button', { name: 'New project' }).waitFor();
    await page.unroute(isDialog);
    await messages().getByRole('button', { name: 'Dismiss' }).click();
    await page.keyboard.press('F1');
    await dialog().getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
  });

  test('the contact sheet is shown as it will be', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'New project' }).waitFor();
    const source = join(studio.folder, 'two-rows.json');
    writeFileSync(source, JSON.stringify(DOCUMENT));
    await dropFile(page, source);
    await page.getByRole('heading', { name: 'Two rows' }).waitFor();
    await page.getByText('Every frame is rendered').waitFor({ timeout: 120_000 });
    await page.keyboard.press('Control+KeyE');
    await dialog()
      .getByRole('button', { name: /^Contact sheet/ })
      .click();
    const shown = dialog().getByRole('img', { name: '2 rows of 10' });
    await shown.waitFor();
    const images = shown.locator('img');
    assert.equal(await images.count(), 12);
    await images.evaluateAll((all) =>
      Promise.all(all.map((image) => (image as unknown as { decode(): Promise<void> }).decode())),
    );
    const numbers = Array.from({ length: 12 }, (_, frame) => String(frame));
    assert.deepEqual(await shown.locator('span > span:nth-child(2)').allInnerTexts(), numbers);
    await studio.screenshot('15-sheet-preview');
    assert.deepEqual(await seriousFindings(page), []);
    const preview = await shown.screenshot();

    await dialog().getByRole('radio', { name: 'Download' }).click();
    await dialog().getByRole('button', { name: 'Export', exact: true }).click();
    const link = dialog().getByRole('link', { name: /^Save / });
    await link.waitFor({ timeout: 60_000 });
    const sheet = await studio.savedFile(() => link.click());
    const layout = { rows: 2, columns: 10, gap: 6, label: 18, width: 1600 };
    const difference = await largestDifference(preview, sheet, layout);
    assert.ok(difference < 16, String(difference));
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'inbetween', exact: true }).click();
  });

  test('the prompt has the focus in a new project, and after a keyframe is made', async () => {
    const { page } = studio;
    const focused = page.locator('textarea[aria-label="Prompt"]:focus');
    await page.getByRole('button', { name: 'New project' }).click();
    await focused.waitFor();
    await page.keyboard.type('red cat');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Prompt at frame 0: red cat' }).waitFor();
    await page.getByRole('slider', { name: 'Playhead' }).focus();
    for (let at = 0; at < 3; at++) await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Prompt at frame 3: red cat' }).waitFor();
    await focused.waitFor();
    // The old words are selected: what is typed takes their place.
    await page.keyboard.type('blue dog');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Prompt at frame 3: blue dog' }).waitFor();
  });

  test('messages show above an open dialog, and are put away by mouse or keyboard', async () => {
    const { page } = studio;
    await page.keyboard.press('Control+Comma');
    await dialog().getByRole('button', { name: 'Folders and tools' }).click();
    const address = dialog().getByLabel('Models are fetched from');
    const refuse = async (wrong: string): Promise<void> => {
      await address.fill(wrong);
      await page.keyboard.press('Tab');
      await messages()
        .getByText(/http:\/\//)
        .waitFor();
    };
    const kept = await address.inputValue();
    await refuse('no address');
    assert.equal(await address.inputValue(), kept);
    assert.equal(await messages().count(), 1);
    // Playwright clicks what a pointer would hit: nothing lies over it.
    await messages().getByRole('button', { name: 'Dismiss' }).click();
    await messages()
      .getByText(/http:\/\//)
      .waitFor({ state: 'detached' });
    await refuse('no address either');
    await studio.screenshot('14-message-over-dialog');
    assert.deepEqual(await seriousFindings(page), []);
    const dismiss = page.locator('[role="log"] button:focus');
    for (let at = 0; at < 40 && !(await dismiss.isVisible()); at++) await page.keyboard.press('Tab');
    await dismiss.waitFor();
    await page.keyboard.press('Escape');
    await messages()
      .getByText(/http:\/\//)
      .waitFor({ state: 'detached' });
    await dialog().getByRole('heading', { name: 'Settings' }).waitFor();
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
  });

  test('no script failed and no content was refused', () => {
    assert.deepEqual(studio.problems, []);
  });
});

/** The largest difference of the mean colours in the middle of two sheets' cells, 0..255. */
async function largestDifference(
  one: Buffer,
  other: string,
  {
    rows,
    columns,
    gap,
    label,
    width,
  }: Readonly<Record<'rows' | 'columns' | 'gap' | 'label' | 'width', number>>,
): Promise<number> {
  const cell = (width - gap * (columns + 1)) / columns;
  const height = (cell + label + gap) * rows + gap;
  const middles = async (picture: Buffer | string): Promise<number[]> => {
    const { width: w, height: h } = await sharp(picture).metadata();
    const means: number[] = [];
    for (let at = 0; at < rows * columns; at++) {
      const left = gap + (at % columns) * (cell + gap) + cell / 4;
      const top = gap + Math.floor(at / columns) * (cell + label + gap) + cell / 4;
      const part = await sharp(picture)
        .extract({
          left: Math.round((left / width) * w),
          top: Math.round((top / height) * h),
          width: Math.round((cell / 2 / width) * w),
          height: Math.round((cell / 2 / height) * h),
        })
        .removeAlpha()
        .toBuffer();
      means.push(...(await sharp(part).stats()).channels.map(({ mean }) => mean));
    }
    return means;
  };
  const [a, b] = [await middles(one), await middles(other)];
  return Math.max(...a.map((mean, at) => Math.abs(mean - (b[at] ?? Number.NaN))));
}
