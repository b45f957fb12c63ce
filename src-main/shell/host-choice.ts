import { createClient } from '../../src-shared/contract/client.ts';
import type { ChosenHost, HostChoice } from '../../src-shared/contract/desktop.ts';
import { readHostAddress } from '../../src-shared/contract/host-address.ts';
import { AppError } from '../../src-shared/kernel/errors.ts';
import { connectWebSocket, type HostEndpoint } from '../rpc/web-socket-client.ts';
import type { HostSupervisor } from './host-supervisor.ts';
import type { SettingsStore } from './settings.ts';
import { openToken, sealToken } from './token-vault.ts';

export interface HostSelection {
  readonly current: ChosenHost;
  /** Where the window's messages and pictures go now. */
  endpoint(): Promise<HostEndpoint>;
  /** @throws {AppError} saying why the host cannot be used; the choice of before then stays */
  choose(choice: HostChoice): Promise<ChosenHost>;
}

/** Which host the window works with: this machine's own, or one elsewhere by address and token. */
export function createHostSelection(settings: SettingsStore, local: HostSupervisor): HostSelection {
  return {
    get current(): ChosenHost {
      const { remote } = settings.value;
      return remote === undefined ? { kind: 'local' } : { kind: 'remote', address: remote.origin };
    },
    async endpoint() {
      const { remote } = settings.value;
      if (remote === undefined) return local.endpoint();
      const token = openToken(remote.token);
      if (token !== undefined) return { origin: remote.origin, token };
      throw new AppError(
        'invalid-input',
        `The token for ${remote.origin} cannot be read any more; give it again.`,
      );
    },
    async choose(choice) {
      if (choice.kind === 'local') {
        settings.set({ remote: undefined });
        return this.current;
      }
      const { origin, token } = readHostAddress(choice.address);
      const secret = choice.token.trim() === '' ? token : choice.token.trim();
      if (secret === null) {
        throw new AppError(
          'invalid-input',
          'A token is needed: the one that "inbetween serve" printed on that machine.',
        );
      }
      await tryHost({ origin, token: secret });
      settings.set({ remote: { origin, token: sealToken(secret) } });
      return this.current;
    },
  };
}

/** Says hello. @throws {AppError} for wrong tokens, hosts that do not answer, and other protocols */
async function tryHost(endpoint: HostEndpoint): Promise<void> {
  const client = createClient(await connectWebSocket(endpoint));
  try {
    await client.hello;
  } finally {
    client.close();
  }
}
