/** Lets work rest: closed, it stops what is under way by a signal and holds up what would begin. */
export interface PauseGate {
  readonly isClosed: boolean;
  /** Fires when the gate closes; another one after it was opened again. */
  readonly signal: AbortSignal;
  close(): void;
  open(): void;
  /** Resolves when the gate is open, or at once when `signal` fires. */
  passed(signal?: AbortSignal): Promise<void>;
}

export function createPauseGate(): PauseGate {
  let closing = new AbortController();
  let opened: PromiseWithResolvers<void> | undefined;
  return {
    get isClosed() {
      return opened !== undefined;
    },
    get signal() {
      return closing.signal;
    },
    close() {
      if (opened !== undefined) return;
      opened = Promise.withResolvers();
      closing.abort();
    },
    open() {
      if (opened === undefined) return;
      closing = new AbortController();
      opened.resolve();
      opened = undefined;
    },
    async passed(signal) {
      while (opened !== undefined && signal?.aborted !== true) {
        const ended = Promise.withResolvers<void>();
        const end = (): void => ended.resolve();
        signal?.addEventListener('abort', end, { once: true });
        await Promise.race([opened.promise, ended.promise]);
        signal?.removeEventListener('abort', end);
      }
    },
  };
}
