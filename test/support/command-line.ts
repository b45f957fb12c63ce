import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { TINY_SD } from './model-folder.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLI = join(ROOT, 'src-main', 'cli.ts');
const LAUNCHER = join(ROOT, 'scripts', 'launch.mjs');

/** One line of `--json`. */
export interface CliEvent {
  readonly event: string;
  readonly frame?: number;
  readonly key?: string;
  readonly frames?: number;
  readonly rendered?: number;
  readonly cached?: number;
  readonly done?: number;
  readonly message?: string;
  /** Absolute path of what was written. */
  readonly out?: string;
}

export interface CliResult {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly events: readonly CliEvent[];
}

export interface StartedCli {
  readonly child: ChildProcess;
  readonly ended: Promise<CliResult>;
}

export interface CliOptions {
  readonly cwd?: string;
  /** `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The launcher that npm scripts go through, or the entry itself. */
  readonly through?: 'launcher' | 'entry';
  /** The process and its children become a group of their own. */
  readonly detached?: boolean;
  readonly onEvent?: (event: CliEvent) => void;
  /** A child that is told nothing of its parent's end but by its channel; default: no channel. */
  readonly channel?: boolean;
}

/** The real command line in a folder of its own: nothing of the machine's caches and models is seen or touched. */
export interface CommandLine {
  readonly folder: string;
  readonly cache: string;
  path(name: string): string;
  start(args: readonly string[], options?: CliOptions): StartedCli;
  run(args: readonly string[], options?: CliOptions): Promise<CliResult>;
  /** Writes a file into the folder and returns its path; objects become JSON. */
  write(name: string, content: string | Uint8Array | object): string;
  /** Processes that belong to this command line, by what they run; Linux only. */
  processes(): readonly { pid: number; command: string }[];
}

export function commandLine(context: TestContext): CommandLine {
  const folder = mkdtempSync(join(tmpdir(), 'inbetween-e2e-'));
  const cache = join(folder, 'cache');
  const path = (name: string): string => join(folder, name);
  const processes = (): { pid: number; command: string }[] => processesWith(`INBETWEEN_CACHE_DIR=${cache}`);
  context.after(() => {
    for (const { pid } of processes()) killQuietly(pid);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });
  const start = (args: readonly string[], options: CliOptions = {}): StartedCli => {
    const entry =
      options.through === 'launcher' ? [LAUNCHER, 'cli'] : ['--disable-warning=ExperimentalWarning', CLI];
    const child = spawn(process.execPath, [...entry, ...args], {
      cwd: options.cwd ?? folder,
      detached: options.detached ?? false,
      stdio: ['ignore', 'pipe', 'pipe', ...(options.channel === true ? (['ipc'] as const) : [])],
      env: {
        ...process.env,
        // What surrounds the tests must not show: npm's folder, a test runner above, settings of the developer.
        INIT_CWD: undefined,
        NODE_TEST_CONTEXT: undefined,
        npm_lifecycle_event: undefined,
        // Compiled code is kept from run to run: starts take half the time.
        NODE_COMPILE_CACHE: join(tmpdir(), 'inbetween-e2e-compiled'),
        INBETWEEN_CACHE_DIR: cache,
        INBETWEEN_DATA_DIR: join(folder, 'data'),
        INBETWEEN_THREADS: '1',
        INBETWEEN_PROVIDER: 'cpu',
        ...options.env,
      },
    });
    let stdout = '';
    let stderr = '';
    const events: CliEvent[] = [];
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        stdout += `${line}\n`;
        // A line that a kill has cut is no event.
        if (!line.startsWith('{"event"') || !line.endsWith('}')) return;
        const event = JSON.parse(line) as CliEvent;
        events.push(event);
        options.onEvent?.(event);
      });
    }
    const ended = new Promise<CliResult>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr, events }));
    });
    return { child, ended };
  };
  return {
    folder,
    cache,
    path,
    start,
    run: (args, options) => start(args, options).ended,
    write(name, content) {
      const isText = typeof content === 'string' || content instanceof Uint8Array;
      writeFileSync(path(name), isText ? content : JSON.stringify(content));
      return path(name);
    },
    processes,
  };
}

/** A project on the tiny model; small and quick unless told otherwise. */
export function tinyProject(members: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    format: 'inbetween/1',
    name: 'Tiny',
    model: TINY_SD,
    size: { width: 64, height: 64 },
    fps: 12,
    sampler: { scheduler: 'euler_a', steps: 3, guidanceScale: 2 },
    keyframes: [
      { frame: 0, prompt: 'red cat', seed: 1632 },
      { frame: 7, prompt: 'blue dog' },
    ],
    ...members,
  };
}

/** SHA-256 of every file of a folder, by name. */
export function hashesOf(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .sort()
      .filter((name) => statSync(join(folder, name)).isFile())
      .map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex'),
      ]),
  );
}

/** The keys that a run has reported as stored. */
export function storedKeys(events: readonly CliEvent[]): string[] {
  return events.flatMap((event) => (event.event === 'frame' && event.key !== undefined ? [event.key] : []));
}

/** The last event of a run that has ended well. */
export function doneEvent(result: CliResult): CliEvent {
  const last = result.events.at(-1);
  if (result.status !== 0 || last?.event !== 'done') {
    throw new Error(`status ${result.status ?? result.signal}\n${result.stderr}\n${result.stdout}`);
  }
  return last;
}

export const CAN_SEE_PROCESSES = process.platform === 'linux';

function processesWith(variable: string): { pid: number; command: string }[] {
  if (!CAN_SEE_PROCESSES) return [];
  const found: { pid: number; command: string }[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      if (!readFileSync(`/proc/${name}/environ`, 'utf8').split('\0').includes(variable)) continue;
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      // A process that has ended and waits to be collected has no command line any more.
      if (command !== '') found.push({ pid: Number(name), command });
    } catch {
      // It has ended while it was looked at, or belongs to somebody else.
    }
  }
  return found;
}

/** Ends a process that may be gone already. */
export function killQuietly(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** Looks again and again until `isSo` or the time is over; returns the last answer. */
export async function eventually(isSo: () => boolean, milliseconds = 20_000): Promise<boolean> {
  const end = Date.now() + milliseconds;
  while (Date.now() < end) {
    if (isSo()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return isSo();
}

/** Pseudo-random numbers from 0 to 1 that a seed repeats (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
