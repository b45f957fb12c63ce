import { type BrowserWindow, type Rectangle, screen } from 'electron';
import type { SettingsStore, ShellSettings } from './settings.ts';

const DEFAULT = { width: 1440, height: 900 };
/** So much of a window must lie on a screen that its title bar can be caught. */
const VISIBLE = 120;
const SAVE_AFTER_MS = 400;

/** Where the window opens: where it was, unless no screen is there any more. */
export function restoredBounds(state: ShellSettings['window']): Partial<Rectangle> {
  if (state === undefined) return DEFAULT;
  const { bounds } = state;
  const isReachable = screen.getAllDisplays().some(({ workArea }) => {
    const width =
      Math.min(bounds.x + bounds.width, workArea.x + workArea.width) - Math.max(bounds.x, workArea.x);
    const top = bounds.y - workArea.y;
    return width >= VISIBLE && top >= 0 && top <= workArea.height - VISIBLE;
  });
  return isReachable ? bounds : { width: bounds.width, height: bounds.height };
}

/** Keeps place and size of the window for the next start. */
export function rememberState(window: BrowserWindow, settings: SettingsStore): void {
  let timer: NodeJS.Timeout | undefined;
  const save = (): void => {
    clearTimeout(timer);
    if (window.isDestroyed()) return;
    settings.set({ window: { bounds: window.getNormalBounds(), maximised: window.isMaximized() } });
  };
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(save, SAVE_AFTER_MS);
  };
  window.on('resize', later);
  window.on('move', later);
  window.on('maximize', later);
  window.on('unmaximize', later);
  window.on('close', save);
}
