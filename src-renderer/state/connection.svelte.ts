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
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  async connect(): Promise<void> {
    clearTimeout(this.#timer);
    let client: HostClient;
    try {
      const transport = await this.#options.open();
      client = createClient(transport, {
        checkResults: import.meta.env.DEV,
        onProblem: this.#options.onProblem,
      });
    } catch (error) {
      return this.#lost((error as Error).message);
    }
    client.onClose((reason) => {
      if (this.client === client || this.state === 'connecting') this.#lost(reason);
    });
    try {
      this.hostVersion = (await client.hello).hostVersion;
    } catch (error) {
      // Another protocol: trying again would not help.
      const message = (error as Error).message;
      if (message.includes('protocol')) {
        this.state = 'refused';
        this.reason = message;
      }
      return;
    }
    this.#failures = 0;
    this.client = client;
    this.state = 'open';
    this.reason = '';
    this.#options.onOpen(client);
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
