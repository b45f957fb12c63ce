import { RPC_PATH, WEB_SOCKET_PROTOCOL } from '../../src-shared/contract/protocol.ts';
import type { Transport } from '../../src-shared/contract/transport.ts';

/** The connection of a window that the host itself serves: the session cookie lets it in. */
export function openWebSocket(location: Pick<Location, 'protocol' | 'host'>): Promise<Transport> {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  const socket = new WebSocket(`${scheme}://${location.host}${RPC_PATH}`, [WEB_SOCKET_PROTOCOL]);
  return new Promise((resolve, reject) => {
    let opened = false;
    const early: string[] = [];
    let onMessage: ((text: string) => void) | undefined;
    let onClose: ((reason: string) => void) | undefined;
    let closed: string | undefined;
    socket.onmessage = ({ data }) => {
      if (typeof data !== 'string') return;
      if (onMessage === undefined) early.push(data);
      else onMessage(data);
    };
    socket.onclose = ({ reason }) => {
      closed = reason === '' ? 'the host does not answer' : reason;
      if (!opened) reject(new Error(closed));
      onClose?.(closed);
    };
    socket.onopen = () => {
      opened = true;
      resolve({
        send: (text) => {
          if (socket.readyState === WebSocket.OPEN) socket.send(text);
        },
        onMessage(listener) {
          onMessage = listener;
          for (const text of early.splice(0)) listener(text);
        },
        onClose(listener) {
          onClose = listener;
          if (closed !== undefined) listener(closed);
        },
        close: (reason) => socket.close(1000, reason),
      });
    };
  });
}
