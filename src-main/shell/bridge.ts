import { messageOf } from '../../src-shared/kernel/errors.ts';
import { ipcMain, type WebContents } from 'electron';
import { z } from 'zod';
import { CHANNELS } from '../../src-shared/contract/desktop-bridge.ts';
import {
  DESKTOP_REQUESTS,
  type DesktopAnswer,
  type DesktopRequest,
  type DesktopResults,
} from '../../src-shared/contract/desktop.ts';
import { MAX_MESSAGE_LENGTH } from '../../src-shared/contract/protocol.ts';
import { isOurSender, type Sender } from './rules/sender.ts';

export type BridgeHandlers = {
  readonly [Name in DesktopRequest]: (
    params: z.output<(typeof DESKTOP_REQUESTS)[Name]>,
    page: WebContents,
  ) => DesktopResults[Name] | Promise<DesktopResults[Name]>;
};

export interface BridgeOptions {
  readonly handlers: BridgeHandlers;
  readonly isOurs: (page: WebContents) => boolean;
  send(page: WebContents, connection: number, text: string): void;
  disconnect(page: WebContents, connection: number): void;
}

const REFUSED: DesktopAnswer<never> = { ok: false, message: 'This page may not ask the shell for anything.' };

/** The shell's end of the bridge: every message is checked for its sender and its shape before it does anything. */
export function answerBridge({ handlers, isOurs, send, disconnect }: BridgeOptions): void {
  const isAllowed = (event: Sender): boolean => isOurSender(event, isOurs);

  ipcMain.handle(CHANNELS.request, async (event, name: unknown, params: unknown) => {
    if (!isAllowed(event)) return REFUSED;
    if (typeof name !== 'string' || !Object.hasOwn(DESKTOP_REQUESTS, name)) {
      return { ok: false, message: `The shell does not know ${JSON.stringify(name)}.` };
    }
    const request = name as DesktopRequest;
    const checked = DESKTOP_REQUESTS[request].safeParse(params);
    if (!checked.success) {
      return { ok: false, message: `${request}: ${z.prettifyError(checked.error)}` };
    }
    try {
      return { ok: true, value: await handlers[request](checked.data as never, event.sender) };
    } catch (error) {
      return { ok: false, message: messageOf(error) };
    }
  });
  ipcMain.on(CHANNELS.send, (event, connection: unknown, text: unknown) => {
    if (!isAllowed(event) || typeof connection !== 'number' || typeof text !== 'string') return;
    if (text.length <= MAX_MESSAGE_LENGTH) send(event.sender, connection, text);
  });
  ipcMain.on(CHANNELS.disconnect, (event, connection: unknown) => {
    if (isAllowed(event) && typeof connection === 'number') disconnect(event.sender, connection);
  });
}
