import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDisplay } from '../launchers/display.ts';
import { launchElectron } from '../launchers/electron.ts';

const PACKAGED = join(
  import.meta.dirname,
  '..',
  '..',
  'out',
  'package',
  'linux-unpacked',
  'inbetween-studio',
);
const skip =
  process.env.INBETWEEN_TEST_PACKAGE === undefined
    ? 'asked for by INBETWEEN_TEST_PACKAGE=1, after npm run package -- --linux dir'
    : !existsSync(PACKAGED) && `there is no ${PACKAGED}: npm run package -- --linux dir makes it`;

test('the packaged app opens a project, renders a frame and exports', { skip }, async () => {
  const display = await openDisplay();
  assert.ok(display !== undefined, 'a display is needed');
  const studio = await launchElectron(PACKAGED, display, {
    packaged: true,
    // Needed where the Electron of the package is older than the host; the package has no Node of its own.
    env: { INBETWEEN_NODE: process.execPath },
  });
  try {
    const { page } = studio;
    assert.equal(await studio.app.evaluate(({ app }) => app.isPackaged), true);
    await page.getByRole('button', { name: 'New project' }).click();
    await page.getByLabel('Prompt', { exact: true }).fill('red cat, 4k photo');
    await page.keyboard.press('Enter');
    await page.locator('.badge', { hasText: 'final' }).waitFor({ timeout: 120_000 });
    await studio.screenshot('packaged');
    await page.getByRole('button', { name: 'Export' }).first().click();
    await page.getByRole('radio', { name: 'GIF' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Export' }).click();
    const link = page.getByRole('link', { name: /^Save / });
    await link.waitFor({ timeout: 240_000 });
    const file = await studio.savedFile(() => link.click());
    assert.match(readFileSync(file).subarray(0, 6).toString('latin1'), /^GIF89a/);
    assert.deepEqual(studio.problems, []);
  } finally {
    await studio.close();
    display.close();
  }
});
