import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';

/** A child process that exchanges structured clones; Electron's utilityProcess can stand behind it as well. */
export interface Child {
  readonly pid: number | undefined;
  /** Messages to a child that is gone are dropped: its exit tells. */
  send(message: unknown): void;
  /** Ends it at once, whatever it is doing. */
  kill(): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, also when the child could not be started. */
  onExit(listener: (exit: ChildExit) => void): void;
}

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last kilobytes of what it wrote to stderr. */
  readonly stderr: string;
}

/** Starts the entry file at `path` as a child. */
export type StartChild = (path: string) => Child;

const STDERR_TAIL = 4096;
/** As `nice -n 10`: a tenth of what a program at ordinary priority gets while both want the same core, all of it else. */
const BACKGROUND_NICENESS = 10;

/** Path of an entry beside the file at `url`: the source, or in a package what it was bundled into. */
export function entryPath(name: string, url: string): string {
  return fileURLToPath(new URL(url.endsWith('.ts') ? name : name.replace(/\.ts$/, '.mjs'), url));
}

export interface ForkOptions {
  /** Folder for compiled code: a child starts several times faster with it. */
  readonly compileCache: string | null;
  /** It leaves the processor to others first. */
  readonly inBackground?: boolean;
}

/** {@link StartChild} with Node's own fork. */
export function forkWith({ compileCache, inBackground = false }: ForkOptions): StartChild {
  const environment = compileCache === null ? {} : { NODE_COMPILE_CACHE: compileCache };
  return (path) => {
    const child = forkChild(path, environment, inBackground);
    if (inBackground && child.pid !== undefined) stepBack(child.pid);
    return child;
  };
}

/** Where it is not allowed, the child computes as any other. */
function stepBack(pid: number): void {
  try {
    setPriority(pid, BACKGROUND_NICENESS);
    // Linux weighs the processes of a terminal or desktop as a group (sched(7), autogroup); priorities count within it.
    if (process.platform === 'linux') writeFileSync(`/proc/${pid}/autogroup`, `${BACKGROUND_NICENESS}`);
  } catch {
    // It may also be gone by now.
  }
}

function forkChild(path: string, environment: NodeJS.ProcessEnv, inBackground: boolean): Child {
  const child = fork(path, [], {
    env: { ...environment, ...process.env },
    // A session of its own is also an autogroup of its own.
    detached: inBackground && process.platform === 'linux',
    serialization: 'advanced',
    // The parent's flags (--test, --inspect, ...) are about the parent.
    execArgv: [],
    // Native libraries print to stderr as they like; the tail goes into the error when the child dies.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_TAIL);
  });
  let finished = false;
  const listeners: ((exit: ChildExit) => void)[] = [];
  const finish = (code: number | null, signal: NodeJS.Signals | null): void => {
    if (finished) return;
    finished = true;
    for (const listener of listeners) listener({ code, signal, stderr: stderr.trim() });
  };
  child.on('error', (error) => {
    stderr += `\n${error.message}`;
    if (child.pid === undefined) finish(null, null);
  });
  // 'close' comes after stderr was read to its end.
  child.on('close', finish);
  return {
    pid: child.pid,
    send(message) {
      if (child.connected) child.send(message as object, () => undefined);
    },
    kill() {
      child.kill('SIGKILL');
    },
    onMessage(listener) {
      child.on('message', listener);
    },
    onExit(listener) {
      listeners.push(listener);
    },
  };
}

/** "was killed by SIGKILL", "exited with status 3", and the last line that it wrote. */
export function describeExit(exit: ChildExit): string {
  const how = exit.signal
    ? `was killed by ${exit.signal}${exit.signal === 'SIGKILL' ? ' (often: out of memory)' : ''}`
    : exit.code === null
      ? 'could not be started'
      : `exited with status ${exit.code}`;
  const last = exit.stderr.split('\n').at(-1)?.trim();
  return last ? `${how}: ${last}` : how;
}
