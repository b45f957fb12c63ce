import { BrowserWindow } from 'electron';
import { DESKTOP_ORIGIN } from '../../src-shared/contract/desktop-bridge.ts';
import { denyNavigation } from './rules/navigation.ts';
import { denyNewWindows } from './rules/new-windows.ts';
import type { SettingsStore } from './settings.ts';
import { rememberState, restoredBounds } from './window-state.ts';

export interface WindowOptions {
  readonly preload: string;
  readonly icon: string | undefined;
  readonly settings: SettingsStore;
  readonly devTools: boolean;
}

const SMALLEST = { minWidth: 900, minHeight: 560 };
/** Of the dark theme: what shows before the page does. */
const BACKGROUND = '#111215';

/** The window of the studio: a sandboxed page of the studio's own scheme, with nothing but the bridge. */
export function createStudioWindow({ preload, icon, settings, devTools }: WindowOptions): BrowserWindow {
  const window = new BrowserWindow({
    ...SMALLEST,
    ...restoredBounds(settings.value.window),
    title: 'Inbetween',
    backgroundColor: BACKGROUND,
    show: false,
    ...(icon === undefined ? {} : { icon }),
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools,
      // Playback and the progress of a render go on behind other windows.
      backgroundThrottling: false,
    },
  });
  denyNavigation(window.webContents);
  denyNewWindows(window.webContents);
  rememberState(window, settings);
  if (settings.value.window?.maximised === true) window.maximize();
  window.once('ready-to-show', () => window.show());
  // A crashed page comes back by itself: all that it knew is with the host.
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason !== 'clean-exit') void window.loadURL(`${DESKTOP_ORIGIN}/`);
  });
  void window.loadURL(`${DESKTOP_ORIGIN}/`);
  return window;
}
