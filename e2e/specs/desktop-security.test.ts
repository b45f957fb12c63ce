import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { DesktopBridge } from '../../src-shared/contract/desktop-bridge.ts';
import { inElectron } from '../launchers/each.ts';
import { type ElectronStudio, launchElectron } from '../launchers/electron.ts';

type Page = typeof globalThis & { readonly inbetween: DesktopBridge };
const PRELOAD = join(import.meta.dirname, '..', '..', 'dist', 'desktop', 'preload.cjs');

/** One test for each rule of src-main/shell/rules and of the window's own settings. */
inElectron('the rules of the desktop', (electron, display) => {
  let studio: ElectronStudio;
  before(async () => {
    studio = await launchElectron(electron, display());
    await studio.page.getByRole('button', { name: 'New project' }).waitFor();
  });
  after(() => studio?.close());

  test('pages are isolated and sandboxed, without Node', async () => {
    const preferences = await studio.app.evaluate(({ BrowserWindow }) => {
      const page = BrowserWindow.getAllWindows()[0]?.webContents as unknown as {
        getLastWebPreferences(): Record<string, unknown>;
      };
      const { contextIsolation, sandbox, nodeIntegration, webSecurity, webviewTag } =
        page.getLastWebPreferences();
      return { contextIsolation, sandbox, nodeIntegration, webSecurity, webviewTag };
    });
    assert.deepEqual(preferences, {
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
    });
    const found = await studio.page.evaluate(() =>
      ['require', 'process', 'module', 'Buffer', 'ipcRenderer'].filter((name) => name in globalThis),
    );
    assert.deepEqual(found, []);
  });

  test('the bridge has named functions and nothing else', async () => {
    const members = await studio.page.evaluate(() => Object.keys((globalThis as Page).inbetween).sort());
    assert.deepEqual(members, [
      'disconnect',
      'onAction',
      'onClosed',
      'onMessage',
      'onOpenFile',
      'pathOf',
      'platform',
      'request',
      'send',
    ]);
  });

  test('the window is served from its own scheme, under a content security policy in a header', async () => {
    assert.equal(new URL(studio.page.url()).href, 'studio://app/');
    const policy = await studio.page.evaluate(() =>
      fetch('/').then((response) => response.headers.get('content-security-policy')),
    );
    assert.match(policy ?? '', /default-src 'none'; script-src 'self'; style-src 'self'/);
    const ran = await studio.page.evaluate(`{
      const script = document.createElement('script');
      script.textContent = 'globalThis.hacked = true';
      document.body.append(script);
      globalThis.hacked === true;
    }`);
    assert.equal(ran, false);
  });

  test('nothing outside the window folder is served', async () => {
    const statuses = await studio.page.evaluate(() =>
      Promise.all(
        [
          '/%2e%2e/%2e%2e/package.json',
          '/..%2f..%2fpackage.json',
          '/assets/../../desktop/main.cjs',
          '/rpc',
        ].map((path) => fetch(path).then(({ status }) => status)),
      ),
    );
    assert.deepEqual(statuses, [404, 404, 404, 404]);
  });

  test('the page goes nowhere else', async () => {
    const { page } = studio;
    await page.evaluate("location.href = 'https://example.com/'");
    await page.evaluate(`{
      const link = document.createElement('a');
      link.href = 'studio://app/index.html';
      document.body.append(link);
      link.click();
    }`);
    // Locators would wait for the navigation that never comes.
    const here = await page.evaluate("[location.href, document.querySelector('main') !== null]");
    assert.deepEqual(here, ['studio://app/', true]);
  });

  test('no page opens a window', async () => {
    const opened = await studio.page.evaluate("window.open('studio://app/') === null");
    assert.equal(opened, true);
    assert.equal(studio.app.windows().length, 1);
  });

  test('permissions are denied, but for copying text', async () => {
    const states = await studio.page.evaluate(`Promise.all(
      ['geolocation', 'camera', 'notifications'].map((name) =>
        navigator.permissions.query({ name }).then(({ state }) => state),
      ),
    )`);
    assert.deepEqual(states, ['denied', 'denied', 'denied']);
    const camera = await studio.page.evaluate(
      "navigator.mediaDevices.getUserMedia({ video: true }).then(() => 'granted', ({ name }) => name)",
    );
    assert.notEqual(camera, 'granted');
  });

  test('pages reach no network, whatever their policy says', async () => {
    const message = await studio.app.evaluate(async ({ BrowserWindow }) => {
      const other = new BrowserWindow({ show: false });
      try {
        await other.loadURL('http://127.0.0.1:9/');
        return 'loaded';
      } catch (error) {
        return (error as Error).message;
      } finally {
        other.destroy();
      }
    });
    assert.match(message, /ERR_BLOCKED_BY_CLIENT/);
  });

  test('the shell answers the studio alone', async () => {
    const answer = await studio.app.evaluate(async ({ BrowserWindow }, preload) => {
      const other = new BrowserWindow({ show: false, webPreferences: { preload, sandbox: true } });
      try {
        await other.loadURL('data:text/html,a%20stranger');
        return await other.webContents.executeJavaScript("inbetween.request('host.choice', {})");
      } finally {
        other.destroy();
      }
    }, PRELOAD);
    assert.deepEqual(answer, { ok: false, message: 'This page may not ask the shell for anything.' });
  });

  test('requests of another shape are refused', async () => {
    const answers = await studio.page.evaluate(async () => {
      const { request } = (globalThis as Page).inbetween;
      return [
        await request('progress', { fraction: 7 }),
        await request('reveal', { file: '' }),
        await request('toString' as 'reveal', { file: 'x' }),
      ];
    });
    assert.deepEqual(
      answers.map(({ ok }) => ok),
      [false, false, false],
    );
  });

  test('only what the studio serves can be downloaded', async () => {
    const state = await studio.app.evaluate(
      ({ BrowserWindow, session }) =>
        new Promise<string>((resolve) => {
          session.defaultSession.once('will-download', (event) =>
            resolve(event.defaultPrevented ? 'prevented' : 'allowed'),
          );
          BrowserWindow.getAllWindows()[0]?.webContents.downloadURL('data:application/octet-stream,x');
        }),
    );
    assert.equal(state, 'prevented');
  });
});
