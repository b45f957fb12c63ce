import { createClient, type HostClient } from '../../src-shared/contract/client.ts';
import type { Transport } from '../../src-shared/contract/transport.ts';

export type ConnectionState = 'connecting' | 'open' | 'lost' | 'refused';

/** Milliseconds before the next attempt, by attempts that failed in a row. */
const BACK_OFF = [250, 500, 1000, 2000, 4000, 8000] as const;

export interface ConnectionOptions {
  readonly open: () => Promise<Transport>;
  readonly onOpen: (client: HostClient) => void;
  readonly onProblem: (message: string) => void;
}

/** The window's connection to its host; it comes back by itself. */
export class Connection {
  state = $state<ConnectionState>('connecting');
  /** Why it was lost or refused. */
  reason = $state('');
  client = $state.raw<HostClient | null>(null);
  hostVersion = $state('');
  readonly #options: ConnectionOptions;
  /** Counts the attempts: what an earlier one learns is of no interest any more. */
  #attempt = 0;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  async connect(): Promise<void> {
    clearTimeout(this.#timer);
    this.#attempt += 1;
    const attempt = this.#attempt;
    const isOver = (): boolean => attempt !== this.#attempt;
    let client: HostClient;
    try {
      const transport = await this.#options.open();
      if (isOver()) return transport.close();
      client = createClient(transport, {
        checkResults: import.meta.env.DEV,
        onProblem: this.#options.onProblem,
      });
    } catch (error) {
      if (!isOver()) this.#lost((error as Error).message);
      return;
    }
    client.onClose((reason) => {
      if (!isOver()) this.#lost(reason);
    });
    try {
      this.hostVersion = (await client.hello).hostVersion;
    } catch (error) {
      // Another protocol: trying again would not help.
      const message = (error as Error).message;
      if (!isOver() && message.includes('protocol')) {
        this.state = 'refused';
        this.reason = message;
      }
      return;
    }
    if (isOver()) return client.close();
    this.#failures = 0;
    this.client = client;
    this.state = 'open';
    this.reason = '';
    this.#options.onOpen(client);
  }

  /** Leaves the host and connects anew, to whichever is chosen now. */
  restart(): void {
    const { client } = this;
    this.client = null;
    this.state = 'connecting';
    this.reason = '';
    this.#failures = 0;
    void this.connect();
    client?.close();
  }

  #lost(reason: string): void {
    if (this.state === 'refused') return;
    this.client = null;
    this.state = 'lost';
    this.reason = reason;
    const wait = BACK_OFF[Math.min(this.#failures, BACK_OFF.length - 1)];
    this.#failures += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.connect(), wait);
  }
}
