import assert from 'node:assert/strict';
import { cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inElectron } from '../launchers/each.ts';
import { type ElectronStudio, launchElectron } from '../launchers/electron.ts';
import { smallWalk } from './small-walk.ts';

const TINY_SD = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'onnx', 'tiny-sd');
// Long enough to be seen while it renders.
const DOCUMENT = smallWalk(30);
/** What the spies in the main process have seen. */
interface Seen {
  readonly progress: number[];
  readonly notes: { title: string; body: string }[];
}

inElectron('what the system shows of the studio', (electron, display) => {
  let studio: ElectronStudio;
  before(async () => {
    studio = await launchElectron(electron, display());
    // The real objects, with their calls written down.
    await studio.app.evaluate(({ BrowserWindow, Notification }) => {
      const seen: Seen = { progress: [], notes: [] };
      (globalThis as unknown as { seen: Seen }).seen = seen;
      const [window] = BrowserWindow.getAllWindows();
      if (window === undefined) throw new Error('There is no window.');
      const show = window.setProgressBar.bind(window);
      window.setProgressBar = (fraction, options) => {
        seen.progress.push(fraction);
        show(fraction, options);
      };
      window.isFocused = () => false;
      // A virtual screen has no notification service.
      Notification.isSupported = () => true;
      // Each has a `show` of its own, which is there when it is listened to.
      const { on } = Notification.prototype;
      Notification.prototype.on = function (this: Electron.Notification, event: string, listener: never) {
        this.show = () => void seen.notes.push({ title: this.title, body: this.body });
        return on.call(this, event as never, listener);
      } as never;
    });
  });
  after(() => studio?.close());
  /** Once a notification has come, or ten seconds later. */
  const told = () =>
    studio.app.evaluate(async () => {
      const { seen } = globalThis as unknown as { seen: Seen };
      for (let tries = 0; tries < 200 && seen.notes.length === 0; tries++)
        await new Promise((resolve) => setTimeout(resolve, 50));
      return seen;
    });

  test('a long render shows in the taskbar and ends with a notification', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'New project' }).waitFor();
    const file = join(studio.folder, 'small.json');
    writeFileSync(file, JSON.stringify(DOCUMENT));
    await studio.app.evaluate(({ dialog }, path) => {
      dialog.showOpenDialog = (() => Promise.resolve({ canceled: false, filePaths: [path] })) as never;
    }, file);
    await page.keyboard.press('Control+KeyO');
    await page.getByRole('heading', { name: 'Small walk' }).waitFor();
    await page.getByRole('progressbar', { name: 'Progress' }).waitFor();
    // Half a minute goes by.
    await page.evaluate(
      '{ const now = performance.now.bind(performance); performance.now = () => now() + 30_000; }',
    );
    await page.getByText('Every frame is rendered').waitFor({ timeout: 60_000 });
    const { progress, notes } = await told();
    assert.ok(
      progress.some((fraction) => fraction > 0 && fraction <= 1),
      JSON.stringify(progress),
    );
    assert.equal(progress.at(-1), -1);
    assert.equal(notes.length, 1);
    assert.equal(notes[0]?.title, 'The render is done');
    assert.match(notes[0]?.body ?? '', /^Small walk, [3-8]\d s$/);
  });

  test('the menu opens a project of late', async () => {
    const { page, app } = studio;
    await page.getByRole('button', { name: 'inbetween', exact: true }).click();
    await page.getByRole('list', { name: 'Recent projects' }).getByText('Small walk').waitFor();
    const opened = await app.evaluate(({ Menu }) => {
      const items = Menu.getApplicationMenu()?.items.flatMap(({ submenu }) => submenu?.items ?? []) ?? [];
      const recent = items.find(({ label }) => label === 'Open recent')?.submenu?.items ?? [];
      recent[0]?.click();
      return recent.map(({ label }) => label);
    });
    assert.match(opened[0] ?? '', /^Small walk \(.+\.inbetween\)$/);
    await page.getByRole('heading', { name: 'Small walk' }).waitFor();
  });

  test('a model folder that is dropped is checked, and imported when the report is good', async () => {
    const { page } = studio;
    const dialog = page.getByRole('dialog', { name: 'Models' });
    const broken = join(studio.folder, 'broken-model');
    cpSync(TINY_SD, broken, { recursive: true });
    rmSync(join(broken, 'scheduler'), { recursive: true });
    await drop(broken);
    const problems = dialog.getByRole('list', { name: 'Problems' }).getByRole('listitem');
    await problems.filter({ hasText: 'scheduler_config.json is missing' }).waitFor();
    await studio.screenshot('dropped-model');
    await drop(TINY_SD);
    await dialog.getByText('Everything is there and fits together').waitFor();
    assert.equal(await dialog.getByLabel("Folder on the host's machine").inputValue(), TINY_SD);
    await dialog.getByRole('button', { name: 'Import', exact: true }).click();
    await dialog
      .getByRole('button', { name: /^tiny-sd|tiny-sd/ })
      .first()
      .waitFor();
    assert.ok(existsSync(join(studio.folder, 'data', 'models', 'tiny-sd', 'model_index.json')));
    assert.deepEqual(studio.problems, []);
  });

  /** As the system drops it: a page cannot make a folder itself. */
  async function drop(folder: string): Promise<void> {
    const session = await studio.page.context().newCDPSession(studio.page);
    const data = { items: [], files: [folder], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await session.send('Input.dispatchDragEvent', { type, x: 20, y: 300, data });
    }
    await session.detach();
  }
});
