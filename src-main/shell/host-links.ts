import type { WebContents } from 'electron';
import { CHANNELS } from '../../src-shared/contract/desktop-bridge.ts';
import type { Transport } from '../../src-shared/contract/transport.ts';
import { connectWebSocket } from '../rpc/web-socket-client.ts';
import type { HostSelection } from './host-choice.ts';
import type { HostSupervisor } from './host-supervisor.ts';

export interface HostLinks {
  /** Opens a connection for a page. @returns its number @throws {AppError} */
  connect(page: WebContents): Promise<number>;
  send(page: WebContents, connection: number, text: string): void;
  disconnect(page: WebContents, connection: number): void;
  /** The page is gone or loads anew. */
  dropAll(page: WebContents): void;
}

interface Link {
  readonly page: WebContents;
  readonly transport: Transport;
}

/** Carries the contract's messages between pages and their host; the host's token stays on this side. */
export function createHostLinks(selection: HostSelection, local: HostSupervisor): HostLinks {
  const links = new Map<number, Link>();
  let opened = 0;
  const of = (page: WebContents, connection: number): Link | undefined => {
    const link = links.get(connection);
    return link?.page === page ? link : undefined;
  };

  return {
    async connect(page) {
      const isLocal = selection.current.kind === 'local';
      const transport = await connectWebSocket(await selection.endpoint());
      opened += 1;
      const connection = opened;
      links.set(connection, { page, transport });
      transport.onMessage((text) => {
        if (!page.isDestroyed()) page.send(CHANNELS.message, connection, text);
      });
      transport.onClose((reason) => {
        if (!links.delete(connection)) return;
        // The process knows better than its socket why it went away.
        const told = isLocal ? local.whatHappened() : Promise.resolve(undefined);
        void told.then((how) => {
          if (!page.isDestroyed()) page.send(CHANNELS.closed, connection, how ?? reason);
        });
      });
      return connection;
    },
    send: (page, connection, text) => of(page, connection)?.transport.send(text),
    disconnect: (page, connection) => of(page, connection)?.transport.close(),
    dropAll(page) {
      for (const [connection, link] of links) {
        if (link.page !== page) continue;
        links.delete(connection);
        link.transport.close();
      }
    },
  };
}
