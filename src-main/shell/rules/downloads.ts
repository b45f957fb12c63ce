import type { Session } from 'electron';
import { DESKTOP_ORIGIN } from '../../../src-shared/contract/desktop-bridge.ts';

/** Only what the studio itself serves is saved; where to, the system's dialog asks. */
export function denyForeignDownloads(session: Session): void {
  session.on('will-download', (event, item) => {
    if (!item.getURL().startsWith(`${DESKTOP_ORIGIN}/`)) event.preventDefault();
  });
}
