import type { DesktopBridge } from '../../src-shared/contract/desktop-bridge.ts';
import type {
  ChosenHost,
  DesktopAnswer,
  DesktopParams,
  DesktopRequest,
  DesktopResults,
  HostChoice,
} from '../../src-shared/contract/desktop.ts';

/** The desktop's side of the window: the shell, and which host it is connected to. Null in a browser. */
export class Desktop {
  readonly bridge: DesktopBridge;
  host = $state.raw<ChosenHost>({ kind: 'local' });

  constructor(bridge: DesktopBridge) {
    this.bridge = bridge;
    void this.ask('host.choice', {}).then((host) => {
      if (host !== undefined) this.host = host;
    });
  }

  get isMac(): boolean {
    return this.bridge.platform === 'darwin';
  }

  /** Whether paths of this machine mean something to the host. */
  get isLocal(): boolean {
    return this.host.kind === 'local';
  }

  /** Undefined when the shell refuses. */
  async ask<Name extends DesktopRequest>(
    name: Name,
    params: DesktopParams<Name>,
  ): Promise<DesktopResults[Name] | undefined> {
    const answer = await this.bridge.request(name, params);
    return answer.ok ? answer.value : undefined;
  }

  /** Connects to another host; the answer says why it cannot. */
  async choose(choice: HostChoice): Promise<DesktopAnswer<ChosenHost>> {
    const answer = await this.bridge.request('host.choose', choice);
    if (answer.ok) this.host = answer.value;
    return answer;
  }
}

/** The bridge that the preload script has put there. */
export function desktopOf(page: object): Desktop | null {
  const { inbetween } = page as { readonly inbetween?: DesktopBridge };
  return inbetween === undefined ? null : new Desktop(inbetween);
}
