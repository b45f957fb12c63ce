import type { DesktopBridge } from '../../src-shared/contract/desktop-bridge.ts';
import type { Transport } from '../../src-shared/contract/transport.ts';

interface Listener {
  message?: (text: string) => void;
  closed?: (reason: string) => void;
  readonly early: string[];
  end?: string;
}

/** Connections through the desktop's shell, which holds the address and the token of the host. */
export function desktopTransports(bridge: DesktopBridge): () => Promise<Transport> {
  const links = new Map<number, Listener>();
  // The first messages may come before the number of their connection does.
  const linkOf = (connection: number): Listener => {
    const link = links.get(connection) ?? { early: [] };
    links.set(connection, link);
    return link;
  };
  bridge.onMessage((connection, text) => {
    const link = linkOf(connection);
    if (link.message === undefined) link.early.push(text);
    else link.message(text);
  });
  bridge.onClosed((connection, reason) => {
    const link = linkOf(connection);
    link.end = reason;
    link.closed?.(reason);
    if (link.closed !== undefined) links.delete(connection);
  });

  return async () => {
    const answer = await bridge.request('host.connect', {});
    if (!answer.ok) throw new Error(answer.message);
    const connection = answer.value;
    const link = linkOf(connection);
    return {
      send: (text) => bridge.send(connection, text),
      onMessage(listener) {
        link.message = listener;
        for (const text of link.early.splice(0)) listener(text);
      },
      onClose(listener) {
        link.closed = listener;
        if (link.end !== undefined) listener(link.end);
      },
      close: () => bridge.disconnect(connection),
    };
  };
}
