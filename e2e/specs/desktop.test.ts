import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startServer, type TestServer } from '../launchers/browser.ts';
import { inElectron } from '../launchers/each.ts';
import { type ElectronStudio, launchElectron } from '../launchers/electron.ts';

const TOKEN = 'token-of-the-remote-host';

inElectron('the desktop', (electron, display) => {
  let studio: ElectronStudio;
  let remoteFolder: string;
  let remote: TestServer;
  before(async () => {
    remoteFolder = mkdtempSync(join(tmpdir(), 'inbetween-remote-'));
    remote = await startServer(remoteFolder, { port: 0, token: TOKEN });
    studio = await launchElectron(electron, display());
  });
  after(async () => {
    await studio?.close();
    await remote?.close();
    rmSync(remoteFolder, { recursive: true, force: true });
  });
  const dialog = () => studio.page.getByRole('dialog', { name: 'Connection' });

  test('the menu has the actions of the window with their keys, and does them', async () => {
    const { page, app } = studio;
    await page.getByRole('button', { name: 'New project' }).click();
    await page.getByRole('heading', { name: 'Untitled' }).waitFor();
    const entry = (label: string) =>
      app.evaluate(({ Menu }, wanted) => {
        const items = Menu.getApplicationMenu()?.items.flatMap(({ submenu }) => submenu?.items ?? []) ?? [];
        const item = items.find((candidate) => candidate.label === wanted);
        return item === undefined ? null : { enabled: item.enabled, keys: String(item.accelerator ?? '') };
      }, label);
    assert.deepEqual(await entry('Export …'), { enabled: true, keys: 'CmdOrCtrl+E' });
    assert.deepEqual(await entry('Undo'), { enabled: false, keys: 'CmdOrCtrl+Z' });
    await app.evaluate(({ Menu }) => {
      const items = Menu.getApplicationMenu()?.items.flatMap(({ submenu }) => submenu?.items ?? []) ?? [];
      items.find(({ label }) => label === 'Export …')?.click();
    });
    await page.getByRole('dialog', { name: 'Export' }).waitFor();
    await page.keyboard.press('Escape');
  });

  test('the system dialog opens a project', async () => {
    const { page, app } = studio;
    const file = join(studio.folder, 'chosen.json');
    writeFileSync(
      file,
      JSON.stringify({
        format: 'inbetween/1',
        name: 'Chosen',
        model: 'fluent-world',
        size: { width: 128, height: 128 },
        fps: 12,
        keyframes: [{ frame: 0, prompt: '' }],
      }),
    );
    await app.evaluate(({ dialog: native }, path) => {
      native.showOpenDialog = (() => Promise.resolve({ canceled: false, filePaths: [path] })) as never;
    }, file);
    await page.keyboard.press('Control+KeyO');
    await page.getByRole('heading', { name: 'Chosen' }).waitFor();
  });

  test('another host: a wrong token, nobody there, an address that is none, and a right one', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: /host \d/ }).click();
    await dialog().getByRole('radio', { name: 'Another host' }).click();
    const tries = [
      { address: remote.origin, token: 'a-wrong-token-of-ours', message: 'does not accept this token' },
      { address: '127.0.0.1:9', token: TOKEN, message: 'nothing listens there' },
      { address: 'not an address', token: TOKEN, message: 'is no address of a host' },
    ];
    for (const { address, token, message } of tries) {
      await dialog().getByLabel('Address').fill(address);
      await dialog().getByLabel('Token').fill(token);
      await dialog().getByRole('button', { name: 'Connect' }).click();
      await dialog().getByRole('alert').getByText(message).waitFor();
    }
    await studio.screenshot('connection');
    // The whole address as it was printed: the token is in it.
    await dialog().getByLabel('Token').fill('');
    await dialog().getByLabel('Address').fill(`${remote.origin}/?token=${TOKEN}`);
    await dialog().getByRole('button', { name: 'Connect' }).click();
    await page.getByRole('button', { name: `Host ${new URL(remote.origin).host} · Connection …` }).waitFor();
    await page.getByRole('button', { name: 'New project' }).click();
    await page.getByRole('heading', { name: 'Untitled' }).waitFor();
    assert.ok(readFileSync(join(remoteFolder, 'Inbetween', 'Untitled.inbetween')).length > 0);
    await studio.screenshot('remote');
  });

  test('the choice is kept for the next start, and goes back to this computer', async () => {
    const { page } = studio;
    await page.reload();
    // The project that was open there is open again.
    await page.getByRole('heading', { name: 'Untitled' }).waitFor();
    await page.getByRole('button', { name: /host \d/ }).click();
    await dialog().getByRole('radio', { name: 'This computer' }).click();
    await dialog().getByRole('button', { name: 'Connect' }).click();
    await page.getByRole('button', { name: 'This computer · Connection …' }).waitFor();
    await page.getByRole('button', { name: /^Chosen/ }).waitFor();
  });

  test('the host that dies is told of with its reason, and comes back', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: /^Chosen/ }).click();
    await page.getByRole('heading', { name: 'Chosen' }).waitFor();
    await studio.killHost();
    await page.getByText('Host lost: was killed by SIGKILL').waitFor();
    await page.getByText('Host lost').waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: 'Chosen' }).waitFor();
  });

  test('no script failed and no content was refused', () => assert.deepEqual(studio.problems, []));

  test('a second start remembers the window, opens the file that it is given, and tells of bad settings', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'inbetween-second-'));
    const settings = join(folder, 'data', 'desktop', 'desktop.json');
    try {
      let second = await launchElectron(electron, display(), { folder, width: 1000, height: 640 });
      await second.page.getByRole('button', { name: 'New project' }).waitFor();
      await second.close();
      const { window } = JSON.parse(readFileSync(settings, 'utf8')) as { window: { bounds: object } };
      assert.equal((window.bounds as { width: number }).width, 1000);

      mkdirSync(join(folder, 'data', 'desktop'), { recursive: true });
      writeFileSync(settings, '{"version": 1, "window": "large"}');
      const file = join(import.meta.dirname, '..', '..', 'resources', 'examples', 'noise-slerp.json');
      second = await launchElectron(electron, display(), { folder, args: [file] });
      await second.page.getByRole('heading', { name: 'Noise slerp' }).waitFor();
      await second.page.getByText('The settings in').waitFor();
      await second.close();
      assert.match(readFileSync(`${settings}.refused`, 'utf8'), /large/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
