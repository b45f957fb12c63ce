import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { findChromium } from '../../scripts/browser-env.ts';
import { buildWindow } from '../../scripts/build-window.ts';
import { type BrowserStudio, launchBrowser } from '../launchers/browser.ts';

const executable = findChromium();

describe('a host of another protocol', { skip: executable === undefined && 'no Chromium here' }, () => {
  let studio: BrowserStudio;
  let protocol = 1;
  before(async () => {
    await buildWindow();
    studio = await launchBrowser(executable as string);
    // The host's own messages, but for what it says it speaks.
    await studio.page.routeWebSocket(/\/rpc$/, (page) => {
      const host = page.connectToServer();
      host.onMessage((text) => page.send(String(text).replace(/"protocol":\d+/, `"protocol":${protocol}`)));
    });
    await studio.page.reload();
  });
  after(() => studio?.close());
  const message = () => studio.page.getByText('speaks protocol 99, this window 1; use the same version');

  test('an open project stays in sight, with the reason and a way on', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'New project' }).click();
    await page.getByRole('heading', { name: 'Untitled' }).waitFor();
    protocol = 99;
    await studio.killHost();
    await page.getByText('Host lost').waitFor();
    await studio.startHost();
    await message().waitFor();
    await page.getByRole('heading', { name: 'Untitled' }).waitFor();
    await studio.screenshot('other-protocol');
    await page.getByRole('button', { name: 'Reload', exact: true }).waitFor();
  });

  test('a window that starts says so too, and works once both are of one version', async () => {
    const { page } = studio;
    await page.reload();
    await message().waitFor();
    protocol = 1;
    await page.getByRole('button', { name: 'Reload the window' }).click();
    await page.getByRole('heading', { name: 'Untitled' }).waitFor();
    assert.deepEqual(studio.problems, []);
  });
});
