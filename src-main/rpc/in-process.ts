import type { Transport } from '../../src-shared/contract/transport.ts';

/** Two ends of a connection inside one process; messages arrive in a later microtask, as through a wire. */
export function createTransportPair(): readonly [Transport, Transport] {
  const left = createEnd();
  const right = createEnd();
  left.connect(right);
  right.connect(left);
  return [left.transport, right.transport];
}

interface End {
  readonly transport: Transport;
  connect(other: End): void;
  deliver(text: string): void;
  closed(reason: string): void;
}

function createEnd(): End {
  let other: End | undefined;
  let isOpen = true;
  let onMessage: ((text: string) => void) | undefined;
  let onClose: ((reason: string) => void) | undefined;
  const waiting: string[] = [];
  const end: End = {
    connect: (peer) => void (other = peer),
    deliver: (text) =>
      queueMicrotask(() => {
        if (!isOpen) return;
        if (onMessage === undefined) waiting.push(text);
        else onMessage(text);
      }),
    closed(reason) {
      if (!isOpen) return;
      isOpen = false;
      onClose?.(reason);
    },
    transport: {
      send: (text) => {
        if (isOpen) other?.deliver(text);
      },
      onMessage(listener) {
        onMessage = listener;
        for (const text of waiting.splice(0)) listener(text);
      },
      onClose: (listener) => void (onClose = listener),
      close(reason = 'closed') {
        // What was sent before arrives first.
        queueMicrotask(() => other?.closed(reason));
        end.closed(reason);
      },
    },
  };
  return end;
}
