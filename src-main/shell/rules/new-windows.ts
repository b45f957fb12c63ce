import type { WebContents } from 'electron';

/** No page opens windows, and none embeds others with rights of their own. */
export function denyNewWindows(page: WebContents): void {
  page.setWindowOpenHandler(() => ({ action: 'deny' }));
  page.on('will-attach-webview', (event) => event.preventDefault());
}
