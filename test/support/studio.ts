import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { createClient, type HostClient } from '../../src-shared/contract/client.ts';
import type { EventData, EventName } from '../../src-shared/contract/events.ts';
import type { Transport } from '../../src-shared/contract/transport.ts';
import { createHost } from '../../src-main/host/host.ts';
import { createStudio, type Studio } from '../../src-main/host/studio/studio.ts';
import { createTransportPair } from '../../src-main/rpc/in-process.ts';
import { createRpcServer, type RpcServer } from '../../src-main/rpc/rpc-server.ts';
import { webSocketTransport } from '../../src-main/rpc/web-socket-transport.ts';
import { type RunningServer, serve, type ServeOptions } from '../../src-main/server.ts';
import { tinyProject } from './command-line.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export type TransportKind = 'in-process' | 'WebSocket';
export const TRANSPORT_KINDS: readonly TransportKind[] = ['in-process', 'WebSocket'];

/** A real host in a folder of its own. */
export interface TestFolder {
  readonly folder: string;
  path(name: string): string;
  readonly host: ReturnType<typeof createHost>;
  /** Runs before the host is disposed, the newest first. */
  onEnd(close: () => Promise<void>): void;
}

export function testHost(context: TestContext, options: { ffmpeg?: string } = {}): TestFolder {
  const folder = mkdtempSync(join(tmpdir(), 'inbetween-studio-'));
  const host = createHost({
    paths: {
      bundledModels: join(ROOT, 'models'),
      projects: join(folder, 'projects'),
      userModels: join(folder, 'data', 'models'),
      embeddings: join(folder, 'embeddings'),
      settings: join(folder, 'data', 'settings.json'),
      presets: join(folder, 'presets'),
      cache: join(folder, 'cache'),
    },
    clock: Date.now,
    platform: process.platform,
    provider: 'cpu',
    threads: 1,
    ...(process.env.PATH === undefined ? {} : { path: process.env.PATH }),
    ...options,
  });
  const closers: (() => Promise<void>)[] = [];
  context.after(async () => {
    for (const close of closers.reverse()) await close();
    await host.dispose();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  });
  return { folder, path: (name) => join(folder, name), host, onEnd: (close) => void closers.push(close) };
}

/** A studio and connections to it, over one kind of transport. */
export interface TestStudio extends TestFolder {
  connect(): Promise<TestClient>;
  /** The raw text messages of a new connection. */
  connectRaw(): Promise<Transport>;
  /** Ends the studio and starts it again on the same folder and host. */
  restart(): Promise<void>;
}

export interface TestClient extends HostClient {
  /** What the contract's checks found wrong with the host's messages. */
  readonly problems: string[];
  /** All events of a name so far. */
  seen<Event extends EventName>(event: Event): EventData<Event>[];
  /** The next event of a name that `isIt`, or one that came already. */
  event<Event extends EventName>(
    event: Event,
    isIt?: (data: EventData<Event>) => boolean,
  ): Promise<EventData<Event>>;
}

export async function testStudio(
  context: TestContext,
  kind: TransportKind,
  options: { maxMessageLength?: number; ffmpeg?: string } = {},
): Promise<TestStudio> {
  const folder = testHost(context, options.ffmpeg === undefined ? {} : { ffmpeg: options.ffmpeg });
  const limit = options.maxMessageLength === undefined ? {} : { maxMessageLength: options.maxMessageLength };
  let server: RunningServer | undefined;
  let local: { studio: Studio; rpc: RpcServer } | undefined;
  const start = async (): Promise<void> => {
    if (kind === 'WebSocket') {
      server = await testServer(folder, limit);
      return;
    }
    const studio = createStudio({
      host: folder.host,
      version: '0.0.0',
      clock: Date.now,
      platform: process.platform,
      examples: join(ROOT, 'resources', 'examples'),
    });
    local = { studio, rpc: createRpcServer(studio, limit) };
  };
  const stop = async (): Promise<void> => {
    await server?.close();
    local?.rpc.close();
    await local?.studio.close();
    server = local = undefined;
  };
  const connectRaw = async (): Promise<Transport> => {
    if (local !== undefined) {
      const [client, host] = createTransportPair();
      local.rpc.accept(host);
      return client;
    }
    const { origin, token } = server as RunningServer;
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/rpc`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const transport = webSocketTransport(socket);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return transport;
  };
  await start();
  folder.onEnd(stop);
  return {
    ...folder,
    connectRaw,
    connect: async () => testClient(await connectRaw()),
    restart: async () => {
      await stop();
      await start();
    },
  };
}

export function testServer(
  { host }: Pick<TestFolder, 'host'>,
  options: Partial<ServeOptions> = {},
): Promise<RunningServer> {
  return serve({ host, clock: Date.now, platform: process.platform, port: 0, ...options });
}

async function testClient(transport: Transport): Promise<TestClient> {
  const problems: string[] = [];
  const client = createClient(transport, {
    checkResults: true,
    onProblem: (message) => problems.push(message),
  });
  const events: { event: EventName; data: unknown }[] = [];
  const names: readonly EventName[] = [
    'project.changed',
    'job.started',
    'job.changed',
    'job.progress',
    'job.frame',
    'frame.preview',
    'frame.failed',
    'job.done',
    'job.failed',
    'job.cancelled',
    'note',
    'engine.state',
  ];
  for (const event of names) client.on(event, (data) => void events.push({ event, data }));
  await client.hello;
  const seen = <Event extends EventName>(event: Event) =>
    events.filter((each) => each.event === event).map(({ data }) => data as EventData<Event>);
  return {
    ...client,
    problems,
    seen,
    event: (event, isIt = () => true) => {
      const there = seen(event).find(isIt);
      if (there !== undefined) return Promise.resolve(there);
      return new Promise((resolve) => {
        const end = client.on(event, (data) => {
          if (!isIt(data)) return;
          end();
          resolve(data);
        });
      });
    },
  };
}

/** A document on the tiny model with 8 frames of 64 x 64 pixels. */
export function tinyDocument(members: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return tinyProject(members);
}
