import { BrowserWindow, Notification, type WebContents } from 'electron';

/** The taskbar's progress; null takes it away. */
export function showProgress(page: WebContents, fraction: number | null): void {
  // -1 is Electron's "none".
  BrowserWindow.fromWebContents(page)?.setProgressBar(fraction ?? -1);
}

/** A notification that brings the window back, unless the user is looking at it. */
export function notify(page: WebContents, title: string, body: string): void {
  const window = BrowserWindow.fromWebContents(page);
  if (window === null || window.isFocused()) return;
  window.flashFrame(true);
  window.once('focus', () => window.flashFrame(false));
  if (!Notification.isSupported()) return;
  const notification = new Notification({ title, body });
  notification.on('click', () => {
    if (window.isDestroyed()) return;
    window.show();
    window.focus();
  });
  notification.show();
}
