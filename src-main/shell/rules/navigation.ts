import type { WebContents } from 'electron';
import { isStudioPage } from './studio-page.ts';

/** The window shows the studio's own page and goes nowhere else: not by links, redirects or dropped files. */
export function denyNavigation(page: WebContents): void {
  const deny = (event: { preventDefault(): void }, url: string): void => {
    if (!isStudioPage(url)) event.preventDefault();
  };
  page.on('will-navigate', deny);
  page.on('will-redirect', deny);
  // Frames inside the page, too (Electron 25 and newer).
  page.on(
    'will-frame-navigate' as 'will-navigate',
    ((event: { url: string; preventDefault(): void }) => deny(event, event.url)) as never,
  );
}
