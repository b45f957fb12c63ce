import { homedir } from 'node:os';
import { AppError, messageOf } from '../src-shared/kernel/errors.ts';
import { hostFromEnvironment } from './host-from-environment.ts';
import { serve, type RunningServer } from './server.ts';
import type { FromHost, HostStart, ToHost } from './shell/host-messages.ts';

/**
 * The host as a child of the desktop shell: wiring only. It listens on the loopback address for the shell alone, which
 * gives it the token, and ends with the shell.
 */
interface UtilityPort {
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): void;
  postMessage(message: unknown): void;
}
/** Electron's utility processes have one; Node's children talk over their IPC channel. */
const { parentPort } = process as unknown as { readonly parentPort?: UtilityPort };
let server: RunningServer | undefined;
let host: ReturnType<typeof hostFromEnvironment> | undefined;
let closing = false;

if (parentPort === undefined) {
  process.on('message', (message) => receive(message as ToHost));
  process.on('disconnect', () => void end());
} else {
  parentPort.on('message', ({ data }) => receive(data as ToHost));
}
// A terminal's Ctrl-C goes to the whole group; the shell decides what it means.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => void end());

function receive(message: ToHost): void {
  if (message.type === 'stop') void end();
  else start(message).catch((error: unknown) => tell({ type: 'failed', message: problemOf(error) }));
}

async function start({ root, rendererFolder, token, version }: HostStart): Promise<void> {
  const { env, platform } = process;
  const log = (message: string): void => void process.stderr.write(`${message}\n`);
  host = hostFromEnvironment({ env, platform, home: homedir(), root, inBackground: true, onNote: log });
  server = await serve({
    host,
    port: 0,
    token,
    root,
    rendererFolder,
    version,
    clock: Date.now,
    platform,
    onFault: log,
  });
  tell({ type: 'ready', port: server.port });
}

async function end(): Promise<void> {
  if (closing) return;
  closing = true;
  await server?.close();
  await host?.dispose();
  process.exit(0);
}

function tell(message: FromHost): void {
  if (parentPort !== undefined) parentPort.postMessage(message);
  else if (process.connected) process.send?.(message);
}

function problemOf(error: unknown): string {
  return error instanceof AppError ? error.message : `The host does not start: ${messageOf(error)}`;
}
