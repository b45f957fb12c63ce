import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inBrowser, type LaunchedStudio } from '../launchers/each.ts';
import { cutTexts } from './cut-text.ts';
import { dropFile } from './dropped-file.ts';
import { seriousFindings } from './serious-findings.ts';
import { smallWalk } from './small-walk.ts';

/** A value with a fraction, a weight, a marker and a flag, and three lanes with keys of their own. */
const DOCUMENT = {
  ...smallWalk(6),
  markers: [{ frame: 2, name: 'The cat turns' }],
  flags: [{ frame: 3 }],
  keyframes: [
    { frame: 0, prompt: 'red (cat:1.3)', negativePrompt: 'blurry', seed: 1632, guidanceScale: 7.5 },
    { frame: 6, prompt: 'blue dog at the beach', easing: 'ease-in-out', embeddingOffset: 0.25 },
  ],
};

// Electron shows the same sheets and costs a minute more.
inBrowser('whoever needs large text, or light', (launch) => {
  let studio: LaunchedStudio;
  before(async () => {
    studio = await launch();
    const { page } = studio;
    await page.getByRole('button', { name: 'New project' }).waitFor();
    const file = join(studio.folder, 'small-walk.json');
    writeFileSync(file, JSON.stringify(DOCUMENT));
    await dropFile(page, file);
    await page.getByText('Every frame is rendered').waitFor({ timeout: 240_000 });
    await page.getByText('Presets', { exact: true }).click();
  });
  after(() => studio?.close());

  const dialog = () => studio.page.getByRole('dialog');
  const height = async (selector: string): Promise<number> =>
    (await studio.page.locator(selector).first().boundingBox())?.height ?? Number.NaN;

  async function setTextSize(percent: number): Promise<void> {
    const { page } = studio;
    await page.keyboard.press('Control+Comma');
    await dialog().getByLabel('Size of the text').fill(String(percent));
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
  }

  /** Nothing in the window or the dialog that shows is cut, and axe-core has nothing against it. */
  async function isLegible(name: string): Promise<void> {
    await studio.screenshot(`legible-${name}`);
    assert.deepEqual(await cutTexts(studio.page), [], name);
    assert.deepEqual(await seriousFindings(studio.page), [], name);
  }

  async function everythingIsLegible(look: string): Promise<void> {
    const { page } = studio;
    await isLegible(`${look}-project`);
    await page.getByRole('button', { name: 'Lanes' }).click();
    await page.getByRole('menu').waitFor();
    assert.deepEqual(await cutTexts(page), [], `${look}-menu`);
    await page.keyboard.press('Escape');
    await page.getByRole('slider', { name: 'Playhead' }).focus();
    const dialogs = [
      ['Shift+KeyI', 'inspector', 'stands before its first step'],
      ['KeyG', 'grid', 'Make a grid of 5 × 5'],
      ['Control+KeyE', 'export', 'File name'],
      ['Control+Shift+KeyO', 'models', 'Made for'],
      ['F1', 'shortcuts', 'Click a binding'],
      ['Control+KeyB', 'beats', 'Tempo'],
      ['Shift+KeyS', 'sound', 'Choose a sound'],
      ['Control+Shift+KeyI', 'time', 'Frames'],
    ] as const;
    for (const [keys, name, words] of dialogs) {
      await page.keyboard.press(keys);
      await dialog().getByText(words).first().waitFor();
      await isLegible(`${look}-${name}`);
      await page.keyboard.press('Escape');
      await dialog().waitFor({ state: 'detached' });
    }
    await page.keyboard.press('Control+Comma');
    for (const name of ['Window and playback', 'Computing', 'Cache', 'Folders and tools']) {
      await dialog().getByRole('button', { name }).click();
      await isLegible(`${look}-settings-${name.toLowerCase().replaceAll(' ', '-')}`);
    }
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
  }

  test('the light theme is legible in every dialog', async () => {
    const { page } = studio;
    await page.keyboard.press('Control+Shift+KeyL');
    await page.locator('html[data-theme="light"]').waitFor();
    await everythingIsLegible('light');
  });

  test('at 200 % the ruler, the lanes and the icons grow with the text', async () => {
    const { page } = studio;
    const icon = '[aria-label="Prompt field"] .top svg';
    const name = '.timeline .head .name';
    const ticks = '[aria-label="Playhead"] canvas';
    const before = [await height(icon), await height(name), await height(ticks)];
    await setTextSize(200);
    const factors = [await height(icon), await height(name), await height(ticks)].map(
      (now, at) => now / before[at]!,
    );
    assert.ok(factors[0]! > 1.7 && factors[1]! > 1.6 && factors[2]! > 1.4, factors.join(' '));
    const font = await page
      .locator(ticks)
      .evaluate(
        (canvas) => (canvas as unknown as { getContext(of: '2d'): { font: string } }).getContext('2d').font,
      );
    assert.match(font, /^22px/);
    // A number that is cut is another number.
    const guidance = page.locator('.head', { hasText: 'Guidance scale' }).locator('.value');
    assert.equal(await guidance.innerText(), '7.5');
    const cut = await guidance.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
    assert.equal(cut, 0);
  });

  test('the light theme is legible at 200 %', () => everythingIsLegible('light-200'));

  test('the dark theme is legible at 200 %, the first screen too', async () => {
    const { page } = studio;
    await page.keyboard.press('Control+Shift+KeyL');
    await page.locator('html[data-theme="dark"]').waitFor();
    await everythingIsLegible('dark-200');
    await page.getByRole('button', { name: 'inbetween', exact: true }).click();
    await page.getByRole('button', { name: 'Red cat to blue dog' }).waitFor();
    await isLegible('dark-200-start');
  });

  test('a new film at 200 %: the first steps are whole', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'New project' }).click();
    await page.getByRole('complementary', { name: 'First steps' }).getByText('Write what').waitFor();
    await isLegible('dark-200-new');
  });

  test('a number that is refused does not stay in its field', async () => {
    const { page } = studio;
    const fps = page.getByLabel('Frames per second');
    const kept = await fps.inputValue();
    await fps.fill('1000');
    await fps.press('Enter');
    await page.getByRole('log').getByText('120').waitFor();
    assert.equal(await fps.inputValue(), kept);
    await isLegible('dark-200-refused');
  });

  test('no script failed and no content was refused', () => {
    assert.deepEqual(studio.problems, []);
  });
});
