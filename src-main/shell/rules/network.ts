import type { Session } from 'electron';
import { DESKTOP_SCHEME } from '../../../src-shared/contract/desktop-bridge.ts';

const OWN = new Set([`${DESKTOP_SCHEME}:`, 'devtools:', 'blob:', 'data:']);

/** Pages reach nothing but the studio's own scheme: what they may ask of a host goes through the shell. */
export function denyNetwork(session: Session): void {
  session.webRequest.onBeforeRequest((details, answer) => {
    answer({ cancel: !OWN.has(protocolOf(details.url)) });
  });
}

function protocolOf(url: string): string {
  try {
    return new URL(url).protocol;
  } catch {
    return '';
  }
}
