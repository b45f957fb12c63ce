import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { DESKTOP_ORIGIN } from '../src-shared/contract/desktop-bridge.ts';
import { DEFAULT_PORT } from '../src-shared/contract/host-address.ts';
import { AppError } from '../src-shared/kernel/errors.ts';
import type { Host } from './host/host.ts';
import { createStudio } from './host/studio/studio.ts';
import { startHttpServer } from './rpc/http/http-server.ts';
import { randomToken } from './rpc/http/token.ts';
import { createRpcServer } from './rpc/rpc-server.ts';

export interface ServeOptions {
  readonly host: Host;
  /** Name or address to listen at; default 127.0.0.1. */
  readonly address?: string;
  /** Default {@link DEFAULT_PORT}; 0 takes a free one. */
  readonly port?: number;
  /** Default: a random one. Needed when the address is reached from other machines. */
  readonly token?: string;
  /** Folder with `resources/`; default: the project. */
  readonly root?: string;
  /** Folder of the built window; default `dist/renderer` of the project. */
  readonly rendererFolder?: string;
  /** Of the product; default: as in the project's package.json. */
  readonly version?: string;
  readonly clock: () => number;
  readonly platform: NodeJS.Platform;
  /** Failures that are nobody's input, for the log. */
  readonly onFault?: (message: string) => void;
  readonly maxMessageLength?: number;
}

export interface RunningServer {
  /** For instance `http://127.0.0.1:4777`. */
  readonly origin: string;
  readonly port: number;
  readonly token: string;
  /** The address that lets a browser in: its page swaps the token for a cookie. */
  readonly address: string;
  /** Whether other machines can reach it. */
  readonly isPublic: boolean;
  /** Ends connections and jobs; the host stays for whoever made it to dispose. */
  close(): Promise<void>;
}

export { DEFAULT_PORT };
const ROOT = join(import.meta.dirname, '..');
const MIN_TOKEN = 8;

/**
 * The host over HTTP and WebSockets, with the window.
 * @throws {AppError} invalid-input for a port or address that cannot be taken, for an address beyond this machine
 * without a token, and for a token that is too short or cannot stand in an address
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { address = '127.0.0.1', port = DEFAULT_PORT } = options;
  const isPublic = !isLoopback(address);
  if (isPublic && options.token === undefined) {
    throw new AppError(
      'invalid-input',
      `${address} can be reached from other machines, so a token must be given: --token with at least ${MIN_TOKEN} characters that cannot be guessed. Without --host only this machine is served.`,
    );
  }
  if (options.token !== undefined) checkToken(options.token);
  const token = options.token ?? randomToken();
  const root = options.root ?? ROOT;
  const version = options.version ?? productVersion();
  const onFault = (error: unknown, what = 'a job'): void =>
    options.onFault?.(
      `A fault in ${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  const studio = createStudio({
    host: options.host,
    version,
    clock: options.clock,
    platform: options.platform,
    examples: join(root, 'resources', 'examples'),
    onFault,
  });
  const limit = options.maxMessageLength === undefined ? {} : { maxMessageLength: options.maxMessageLength };
  const rpc = createRpcServer(studio, { onFault, ...limit });
  try {
    const server = await startHttpServer({
      host: address,
      port,
      token,
      version,
      hostNames: isPublic ? [address, hostname()] : [],
      origins: [DESKTOP_ORIGIN],
      rendererFolder: options.rendererFolder ?? join(ROOT, 'dist', 'renderer'),
      content: studio,
      accept: (transport) => rpc.accept(transport),
      ...limit,
    });
    // "All addresses" is none that a browser could open.
    const isAny = address === '0.0.0.0' || address === '::';
    const origin = isAny ? `http://${hostname()}:${server.port}` : server.origin;
    return {
      origin,
      port: server.port,
      token,
      address: `${origin}/?token=${token}`,
      isPublic,
      async close() {
        rpc.close();
        await server.close();
        await studio.close();
      },
    };
  } catch (error) {
    await studio.close();
    throw error;
  }
}

function productVersion(): string {
  return (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
}

function isLoopback(address: string): boolean {
  return (
    address === 'localhost' ||
    address === '::1' ||
    (isIP(address) === 4 && address.startsWith('127.')) ||
    address === '::ffff:127.0.0.1'
  );
}

function checkToken(token: string): void {
  if (token.length >= MIN_TOKEN && token.length <= 512 && /^[A-Za-z0-9._~-]+$/.test(token)) return;
  throw new AppError(
    'invalid-input',
    `The token has ${token.length} characters; accepted are ${MIN_TOKEN} to 512 of A-Z a-z 0-9 . _ ~ -`,
  );
}
