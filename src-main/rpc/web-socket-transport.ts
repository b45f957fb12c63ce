import type { WebSocket } from 'ws';
import type { Transport } from '../../src-shared/contract/transport.ts';

/** A client that reads slower than this much behind is cut off: it starts again with a fresh state. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;
/** Normal closure, RFC 6455; and "the peer broke the rules", for binary messages. */
const NORMAL = 1000;
const UNSUPPORTED = 1003;

/** A WebSocket as a transport of text messages. Works for both ends. */
export function webSocketTransport(socket: WebSocket): Transport {
  let closeReason: string | undefined;
  let onMessage: ((text: string) => void) | undefined;
  const waiting: string[] = [];
  socket.on('message', (data, isBinary) => {
    if (isBinary) {
      closeReason ??= 'binary messages are not accepted';
      socket.close(UNSUPPORTED, closeReason);
      return;
    }
    const text = data.toString();
    if (onMessage === undefined) waiting.push(text);
    else onMessage(text);
  });
  // The close event follows; without a listener the error would end the process.
  socket.on('error', (error) => {
    closeReason ??= error.message;
  });
  return {
    send(text) {
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > MAX_UNREAD_BYTES) {
        closeReason ??= 'the client did not read fast enough';
        socket.terminate();
        return;
      }
      socket.send(text);
    },
    onMessage(listener) {
      onMessage = listener;
      for (const text of waiting.splice(0)) listener(text);
    },
    onClose(listener) {
      socket.once('close', (code, reason) => listener(closeReason ?? (reason.toString() || `code ${code}`)));
    },
    close(reason = 'closed') {
      closeReason ??= reason;
      // A close frame carries at most 123 bytes.
      socket.close(NORMAL, reason.slice(0, 100));
    },
  };
}
