import type { WebContents, WebFrameMain } from 'electron';
import { isStudioPage } from './studio-page.ts';

export interface Sender {
  readonly sender: WebContents;
  readonly senderFrame: WebFrameMain | null;
}

/** Whether a message comes from the top frame of a window of ours that shows the studio. */
export function isOurSender(
  { sender, senderFrame }: Sender,
  isOurs: (page: WebContents) => boolean,
): boolean {
  if (senderFrame === null || sender.isDestroyed() || !isOurs(sender)) return false;
  return senderFrame === sender.mainFrame && isStudioPage(senderFrame.url);
}
