import { fork } from 'node:child_process';
import { utilityProcess } from 'electron';
import type { FromHost, ToHost } from './host-messages.ts';

/** A host process, whatever runs it. */
export interface HostChild {
  send(message: ToHost): void;
  kill(): void;
  onMessage(listener: (message: FromHost) => void): void;
  /** Called once; `how` reads after "the host ": "was killed by SIGKILL". */
  onExit(listener: (how: string) => void): void;
}

export type HostRuntime =
  /** Electron's own Node, in a utility process. */
  | { readonly kind: 'electron' }
  /** Another Node: where Electron's is too old for the host, and in a checkout, where the host runs from source. */
  | { readonly kind: 'node'; readonly path: string };

const STDERR_TAIL = 4096;

export function startHostChild(runtime: HostRuntime, entry: string): HostChild {
  return runtime.kind === 'node' ? nodeChild(runtime.path, entry) : utilityChild(entry);
}

function nodeChild(execPath: string, entry: string): HostChild {
  const child = fork(entry, [], {
    execPath,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  const tail = tailOf(child.stderr);
  let ended: string | undefined;
  const listeners: ((how: string) => void)[] = [];
  const end = (how: string): void => {
    if (ended !== undefined) return;
    ended = how;
    for (const listener of listeners) listener(how);
  };
  // An error without an exit: it could not be started.
  child.on('error', (error) => end(`could not be started by ${execPath}: ${error.message}`));
  child.on('exit', (code, signal) =>
    end(signal === null ? withReason(`ended with status ${code}`, tail()) : `was killed by ${signal}`),
  );
  return {
    send: (message) => void (child.connected && child.send(message, () => undefined)),
    kill: () => void child.kill('SIGKILL'),
    onMessage: (listener) => void child.on('message', (message) => listener(message as FromHost)),
    onExit: (listener) => void listeners.push(listener),
  };
}

function utilityChild(entry: string): HostChild {
  const child = utilityProcess.fork(entry, [], { stdio: 'pipe', serviceName: 'Inbetween host' });
  child.stdout?.pipe(process.stdout);
  const tail = tailOf(child.stderr);
  return {
    send: (message) => child.postMessage(message),
    kill: () => void child.kill(),
    onMessage: (listener) => void child.on('message', (message: FromHost) => listener(message)),
    onExit: (listener) =>
      void child.once('exit', (code) => listener(withReason(`ended with status ${code}`, tail()))),
  };
}

/** Passes standard error on and keeps its end. */
function tailOf(stream: NodeJS.ReadableStream | null): () => string {
  let tail = '';
  stream?.on('data', (chunk: Buffer) => {
    process.stderr.write(chunk);
    tail = (tail + chunk.toString()).slice(-STDERR_TAIL);
  });
  return () => tail;
}

function withReason(how: string, stderr: string): string {
  const reason = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^\w*Error\b|: /.test(line))
    .at(-1);
  return reason === undefined ? how : `${how} (${reason.slice(0, 300)})`;
}
