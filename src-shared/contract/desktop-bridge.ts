import type { DesktopAnswer, DesktopParams, DesktopRequest, DesktopResults } from './desktop.ts';

/** What the preload script puts into the page as `window.inbetween`: named functions only. */
export interface DesktopBridge {
  readonly platform: string;
  request<Name extends DesktopRequest>(
    name: Name,
    params: DesktopParams<Name>,
  ): Promise<DesktopAnswer<DesktopResults[Name]>>;
  /** Sends a message of the contract on a connection. */
  send(connection: number, text: string): void;
  disconnect(connection: number): void;
  /** Messages of the host, and the end of a connection. One listener each; a later one replaces it. */
  onMessage(listener: (connection: number, text: string) => void): void;
  onClosed(listener: (connection: number, reason: string) => void): void;
  /** An action was chosen in the menu. */
  onAction(listener: (id: string) => void): void;
  /** The system asks to open a file of this machine (double click, recent documents, command line). */
  onOpenFile(listener: (file: string) => void): void;
  /** Where a dropped file is on this machine; empty when it is nowhere. */
  pathOf(file: object): string;
}

/** Names of the channels between the preload script and the shell. */
export const CHANNELS = {
  request: 'inbetween:request',
  send: 'inbetween:send',
  disconnect: 'inbetween:disconnect',
  message: 'inbetween:message',
  closed: 'inbetween:closed',
  action: 'inbetween:action',
  openFile: 'inbetween:open-file',
} as const;

/** The window's own origin on the desktop. */
export const DESKTOP_SCHEME = 'studio';
export const DESKTOP_ORIGIN = 'studio://app';
