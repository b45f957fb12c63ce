import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { forEachLauncher, type LaunchedStudio } from '../launchers/each.ts';
import { seriousFindings } from './serious-findings.ts';

const TINY_SD = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'onnx', 'tiny-sd');

forEachLauncher('exports, models, settings and the first run', (launch) => {
  let studio: LaunchedStudio;
  before(async () => void (studio = await launch({ firstRun: true, width: 1280, height: 800 })));
  after(() => studio?.close());

  const dialog = () => studio.page.getByRole('dialog');

  test('the first run opens on the example, whose first frames come', async () => {
    const { page } = studio;
    await page.getByRole('heading', { name: 'Red cat to blue dog' }).waitFor();
    await page.getByRole('complementary', { name: 'First steps' }).waitFor();
    await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
    // A picture of it is there; the others follow.
    await page
      .getByRole('contentinfo', { name: 'Status' })
      .getByText(/\d+ of \d+|Every frame/)
      .first()
      .waitFor();
    await studio.screenshot('8-first-run');
    assert.deepEqual(await seriousFindings(studio.page), []);
    await page.keyboard.press('KeyK');
  });

  test('the first steps lie over nothing, and stay away once they are put away', async () => {
    const { page } = studio;
    const steps = page.getByRole('complementary', { name: 'First steps' });
    const [strip, stage] = [await steps.boundingBox(), await page.getByLabel('Preview').boundingBox()];
    assert.ok(strip !== null && stage !== null && strip.y + strip.height <= stage.y);
    await page.getByRole('button', { name: 'Put the first steps away' }).click();
    await steps.waitFor({ state: 'detached' });
    await page.reload();
    await page.getByRole('heading', { name: 'Red cat to blue dog' }).waitFor();
    assert.equal(await steps.count(), 0);
  });

  test('an export is estimated, kept under a limit, and takes what is there', async () => {
    const { page } = studio;
    await page.keyboard.press('Control+KeyE');
    await dialog().getByRole('radio', { name: 'GIF' }).click();
    // Hardly a frame is rendered yet; what comes while the dialog is open is measured.
    const nearest = dialog().getByRole('radio', { name: 'Take what there is' });
    const measured = dialog().getByText(/frames, encoded|frames were encoded/);
    await measured.waitFor({ timeout: 120_000 });
    if (await nearest.isVisible()) await nearest.click();
    await dialog().getByRole('radio', { name: 'Download' }).click();
    await dialog().getByRole('checkbox', { name: 'At most' }).check();
    await dialog().getByLabel('Megabytes').fill('0.02');
    await studio.screenshot('9-export');
    assert.deepEqual(await seriousFindings(studio.page), []);
    await dialog().getByRole('button', { name: 'Export', exact: true }).click();
    const link = dialog().getByRole('link', { name: /^Save / });
    await link.waitFor({ timeout: 120_000 });
    await studio.screenshot('10-exported-limit');
    const file = await studio.savedFile(() => link.click());
    assert.match(readFileSync(file).subarray(0, 6).toString('latin1'), /^GIF89a/);
    assert.ok(statSync(file).size <= 20_000, `${statSync(file).size} bytes`);
  });

  test('a preset of one’s own is kept, and is there the next time', async () => {
    const { page } = studio;
    const name = dialog().getByLabel('File name');
    await name.fill('{project} {hour}');
    await dialog().getByRole('alert').getByText('{hour} is nothing that names of exports know').waitFor();
    assert.equal(await dialog().getByRole('button', { name: 'Export', exact: true }).isDisabled(), true);
    await name.fill('{project} {date}');
    await dialog().getByRole('button', { name: 'Save preset' }).click();
    await dialog().getByLabel('Name of the preset').fill('For the chat');
    await page.keyboard.press('Enter');
    await dialog()
      .getByRole('button', { name: /^For the chat GIF/ })
      .waitFor();
    assert.ok(existsSync(join(studio.folder, 'data', 'presets', 'for-the-chat.json')));
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+KeyE');
    // A contact sheet can be made of what is there as well.
    await dialog()
      .getByRole('button', { name: /^Contact sheet/ })
      .click();
    await dialog().getByRole('radio', { name: 'Download' }).click();
    // There is no such choice once every frame is there.
    const nearest = dialog().getByRole('radio', { name: 'Take what there is' });
    if (await nearest.isVisible()) await nearest.click();
    await dialog().getByRole('button', { name: 'Export', exact: true }).click();
    const sheet = dialog().getByRole('link', { name: /^Save / });
    await sheet.waitFor();
    const file = await studio.savedFile(() => sheet.click());
    assert.equal(readFileSync(file).readUInt16BE(0), 0xff_d8);
    // The name is kept for the next export, and with the preset.
    assert.match(file, /Red cat to blue dog \d{4}-\d\d-\d\d\.jpg$/);
    await name.fill('');
    await page.keyboard.press('Tab');
    await dialog()
      .getByRole('button', { name: /^For the chat GIF/ })
      .click();
    assert.equal(await dialog().getByLabel('Megabytes').inputValue(), '0.02');
    assert.equal(await name.inputValue(), '{project} {date}');
    await page.keyboard.press('Escape');
  });

  test('a broken model folder is refused with every problem', async () => {
    const { page } = studio;
    const broken = join(studio.folder, 'broken');
    cpSync(TINY_SD, broken, { recursive: true });
    rmSync(join(broken, 'scheduler'), { recursive: true });
    writeFileSync(join(broken, 'unet', 'config.json'), '{ broken');
    await page.keyboard.press('Control+Shift+KeyO');
    await dialog().getByText('A frame takes').waitFor();
    assert.deepEqual(await seriousFindings(studio.page), []);
    await dialog().getByRole('button', { name: 'Add a model' }).click();
    await dialog().getByLabel("Folder on the host's machine").fill(broken);
    await dialog().getByRole('button', { name: 'Import', exact: true }).click();
    const problems = dialog().getByRole('list', { name: 'Problems' }).getByRole('listitem');
    await problems.filter({ hasText: 'scheduler_config.json is missing' }).waitFor();
    await problems.filter({ hasText: 'unet/config.json cannot be read' }).waitFor();
    await studio.screenshot('11-broken-model');
    assert.deepEqual(await seriousFindings(studio.page), []);
    await page.keyboard.press('Escape');
  });

  test('settings that cannot be understood are told, and the window is there', async () => {
    const { page } = studio;
    // Before: a desktop starts its host again at once.
    writeFileSync(join(studio.folder, 'data', 'settings.json'), '{ broken');
    await studio.killHost();
    await page.getByText('Host lost').waitFor();
    await studio.startHost();
    await page.getByText('Host lost').waitFor({ state: 'detached' });
    await page.keyboard.press('Control+Comma');
    await dialog().getByRole('alert').getByText('cannot be understood, so defaults are used').waitFor();
    await studio.screenshot('12-settings');
    for (const name of ['Computing', 'Cache', 'Folders and tools']) {
      await dialog().getByRole('button', { name }).click();
      assert.deepEqual(await seriousFindings(studio.page), []);
    }
    await dialog().getByLabel('New projects go into').fill(join(studio.folder, 'elsewhere'));
    await page.keyboard.press('Tab');
    await dialog().getByRole('alert').waitFor({ state: 'detached' });
    const kept = JSON.parse(readFileSync(join(studio.folder, 'data', 'settings.json'), 'utf8')) as object;
    assert.deepEqual((kept as { projectsFolder: string }).projectsFolder, join(studio.folder, 'elsewhere'));
    assert.equal(readFileSync(join(studio.folder, 'data', 'settings.json.damaged-1'), 'utf8'), '{ broken');
    await page.keyboard.press('Escape');
  });

  test('the start screen shows the examples with pictures', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'inbetween', exact: true }).click();
    const picture = page.getByRole('button', { name: 'Red cat to blue dog' }).locator('img');
    await picture.waitFor();
    // Resolves when every one is there, fails when one is broken.
    await page
      .locator('main img')
      .evaluateAll((images) =>
        Promise.all(images.map((image) => (image as unknown as { decode(): Promise<void> }).decode())),
      );
    await studio.screenshot('13-start');
    assert.deepEqual(await seriousFindings(studio.page), []);
    assert.deepEqual(studio.problems, []);
  });
});
