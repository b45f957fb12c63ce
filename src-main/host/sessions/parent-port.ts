import process from 'node:process';

/** The child's end of the connection. Without a parent there is nothing left to do, so the process ends itself. */
export interface ParentPort {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
}

export function connectToParent(): ParentPort {
  // Also sent when the parent was killed: the operating system closes its end of the channel.
  process.on('disconnect', () => process.exit(0));
  // A terminal sends Ctrl+C to the whole group; the parent decides what it means for this process.
  process.on('SIGINT', () => undefined);
  return {
    send(message) {
      if (process.connected) process.send?.(message);
    },
    onMessage(listener) {
      process.on('message', listener);
    },
  };
}
