import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Display, openDisplay } from '../launchers/display.ts';
import { launchPackaged, type PackagedStudio } from '../launchers/packaged.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PACKAGED = join(ROOT, 'out', 'package', 'linux-unpacked', 'inbetween-studio');
const FUSES = join(ROOT, 'node_modules', '@electron', 'fuses', 'dist', 'bin.js');
const skip =
  process.env.INBETWEEN_TEST_PACKAGE === undefined
    ? 'asked for by INBETWEEN_TEST_PACKAGE=1, after npm run package -- --linux dir'
    : !existsSync(PACKAGED) && `there is no ${PACKAGED}: npm run package -- --linux dir makes it`;

describe('the packaged app', { skip }, () => {
  let display: Display | undefined;
  let studio: PackagedStudio;
  before(async () => {
    display = await openDisplay();
    assert.ok(display !== undefined, 'a display is needed');
    studio = await launchPackaged(PACKAGED, display, {
      args: ['--inspect=0'],
      env: {
        // Needed where the Electron of the package is older than the host; the package has no Node of its own.
        INBETWEEN_NODE: process.execPath,
      },
    });
  });
  after(async () => {
    await studio?.close();
    display?.close();
  });

  test('it opens a project and renders a frame', async () => {
    const { page } = studio;
    assert.equal(page.url(), 'studio://app/');
    await page.getByRole('button', { name: 'New project' }).click();
    await page.getByLabel('Prompt', { exact: true }).fill('red cat, 4k photo');
    await page.keyboard.press('Enter');
    await page.locator('.badge', { hasText: 'final' }).waitFor({ timeout: 120_000 });
    await studio.screenshot('packaged');
  });

  test('it exports into a folder', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'Export' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Export' });
    await dialog.getByRole('radio', { name: 'GIF' }).click();
    await dialog.getByLabel('Folder', { exact: true }).fill(studio.folder);
    await dialog.getByRole('button', { name: 'Export', exact: true }).click();
    await dialog.getByRole('button', { name: 'Show in folder' }).waitFor({ timeout: 240_000 });
    const file = readFileSync(join(studio.folder, 'Untitled.gif'));
    assert.match(file.subarray(0, 6).toString('latin1'), /^GIF89a/);
    assert.deepEqual(studio.problems, []);
  });

  test('it takes no orders for Node by arguments or variables, and its code from the archive alone', () => {
    // It was asked for one.
    assert.doesNotMatch(studio.stderr(), /Debugger listening/);
    const wire = execFileSync(process.execPath, [FUSES, 'read', '--app', PACKAGED], { encoding: 'utf8' });
    const state = (fuse: string) => new RegExp(`${fuse} is (\\w+)`).exec(wire)?.[1];
    assert.equal(state('EnableNodeOptionsEnvironmentVariable'), 'Disabled');
    assert.equal(state('EnableNodeCliInspectArguments'), 'Disabled');
    assert.equal(state('OnlyLoadAppFromAsar'), 'Enabled');
    // The host forks its engine.
    assert.equal(state('RunAsNode'), 'Enabled');
  });

  test('it holds the binaries of this system and processor, and nothing that only builds and tests need', () => {
    const resources = join(dirname(PACKAGED), 'resources');
    const files = globSync('**/*', { cwd: resources, exclude: (name) => name === 'app.asar' });
    const native = files.filter((file) => /\.node$|\.so\b|\.dll$|\.dylib$/.test(file));
    assert.ok(native.length > 0);
    const system = `${process.platform}[-/]${process.arch}`;
    assert.deepEqual(
      native.filter((file) => !new RegExp(system).test(file)),
      [],
    );
    assert.deepEqual(
      files.filter((file) => /\.(ts|map|py|h)$|~$|\.test\.|(^|\/)(tests?|docs|bench|e2e)\//.test(file)),
      [],
    );
    const modules = readdirNames(join(resources, 'app.asar.unpacked', 'node_modules'));
    assert.deepEqual(modules, [
      '@ffmpeg-installer',
      '@img',
      'better-sqlite3',
      'dejavu-fonts-ttf',
      'detect-libc',
      'onnxruntime-common',
      'onnxruntime-node',
      'semver',
      'sharp',
    ]);
  });
});

function readdirNames(folder: string): string[] {
  return globSync('*', { cwd: folder }).sort();
}
