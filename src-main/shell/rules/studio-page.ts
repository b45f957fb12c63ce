import { DESKTOP_ORIGIN } from '../../../src-shared/contract/desktop-bridge.ts';

/** Whether an address is the page of the studio itself: the one document that may have the bridge. */
export function isStudioPage(url: string): boolean {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}` === DESKTOP_ORIGIN && (pathname === '/' || pathname === '');
  } catch {
    return false;
  }
}
