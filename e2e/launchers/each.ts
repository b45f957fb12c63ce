import { after, before, describe } from 'node:test';
import { findChromium } from '../../scripts/browser-env.ts';
import { buildDesktop } from '../../scripts/build-desktop.ts';
import { buildWindow } from '../../scripts/build-window.ts';
import { electronForTests } from '../../scripts/electron-env.ts';
import { launchBrowser } from './browser.ts';
import { type Display, openDisplay } from './display.ts';
import { launchElectron } from './electron.ts';
import type { LaunchedStudio, LaunchOptions } from './launched-studio.ts';

export type { LaunchedStudio } from './launched-studio.ts';
export type Launch = (options?: LaunchOptions) => Promise<LaunchedStudio>;

/**
 * Declares a suite twice: in a real browser at `inbetween serve`, and in a real Electron. Where one of them cannot be
 * had, its suite is skipped and says why.
 *
 *     forEachLauncher('an artist', (launch) => {
 *       let studio: LaunchedStudio;
 *       before(async () => void (studio = await launch()));
 *       after(() => studio?.close());
 *       test('...', ...);
 *     });
 */
export function forEachLauncher(title: string, suite: (launch: Launch) => void): void {
  inBrowser(title, suite);
  inElectron(title, (electron, display) => suite((options) => launchElectron(electron, display(), options)));
}

/** A suite about the window alone. */
export function inBrowser(title: string, suite: (launch: Launch) => void): void {
  const chromium = findChromium();
  describe(`${title}, in the browser`, { skip: chromium === undefined && 'no Chromium here' }, () => {
    before(buildWindow);
    suite((options) => launchBrowser(chromium as string, options));
  });
}

/** A suite that needs Electron itself. */
export function inElectron(title: string, suite: (electron: string, display: () => Display) => void): void {
  const electron = electronForTests();
  const skip =
    electron === undefined && 'no Electron here: ELECTRON_OVERRIDE_DIST_PATH names a folder with one';
  describe(`${title}, in Electron`, { skip }, () => {
    let display: Display | undefined;
    before(async () => {
      await buildWindow();
      await buildDesktop();
      display = await openDisplay();
    });
    after(() => display?.close());
    suite(electron as string, () => {
      if (display === undefined) throw new Error('There is no display and no Xvfb for the window.');
      return display;
    });
  });
}
