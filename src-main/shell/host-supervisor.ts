import { randomBytes } from 'node:crypto';
import { AppError } from '../../src-shared/kernel/errors.ts';
import type { HostEndpoint } from '../rpc/web-socket-client.ts';
import type { HostChild } from './host-child.ts';
import type { HostStart } from './host-messages.ts';

export interface HostSupervisor {
  /**
   * The running host; starts it when there is none, after a pause when it has just ended.
   * @throws {AppError} engine-failed when it does not start
   */
  endpoint(): Promise<HostEndpoint>;
  /** How the last one ended, "was killed by SIGKILL"; waits a moment for the news when it is still unknown. */
  whatHappened(): Promise<string | undefined>;
  /** Asks it to close projects and end; kills it when it takes too long. */
  stop(): Promise<void>;
}

export interface SupervisorOptions {
  start(): HostChild;
  readonly message: Omit<HostStart, 'type' | 'token'>;
  readonly clock: () => number;
  readonly wait: (milliseconds: number) => Promise<void>;
}

/** Milliseconds before a start, by ends in a row. */
const BACK_OFF = [0, 500, 1000, 2000, 4000, 8000, 15_000] as const;
/** A host that has run this long was well. */
const WELL_AFTER_MS = 30_000;
const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 8000;
const NEWS_LIMIT_MS = 500;

/** Starts the host process when somebody needs it, and again when it has ended. */
export function createHostSupervisor(options: SupervisorOptions): HostSupervisor {
  const { clock, wait } = options;
  let running: { readonly child: HostChild; readonly endpoint: Promise<HostEndpoint> } | undefined;
  let ended: Promise<void> = Promise.resolve();
  let how: string | undefined;
  let ends = 0;
  let startedAt = 0;
  let stopping = false;

  const start = (): Promise<HostEndpoint> => {
    const token = randomBytes(32).toString('base64url');
    const child = options.start();
    startedAt = clock();
    how = undefined;
    const endpoint = new Promise<HostEndpoint>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new AppError('engine-failed', `The host has not started within ${START_LIMIT_MS / 1000} s.`));
        child.kill();
      }, START_LIMIT_MS);
      child.onMessage((message) => {
        clearTimeout(timer);
        if (message.type === 'ready') resolve({ origin: `http://127.0.0.1:${message.port}`, token });
        else reject(new AppError('engine-failed', message.message));
      });
      child.onExit((what) => {
        clearTimeout(timer);
        reject(new AppError('engine-failed', `The host ${what}.`));
      });
    });
    // Whoever waits hears of it; it must not end the shell when nobody does.
    endpoint.catch(() => undefined);
    ended = new Promise((resolve) => {
      child.onExit((what) => {
        how = what;
        ends = clock() - startedAt > WELL_AFTER_MS ? 1 : ends + 1;
        running = undefined;
        resolve();
      });
    });
    child.send({ type: 'start', token, ...options.message });
    running = { child, endpoint };
    return endpoint;
  };

  let starting: Promise<HostEndpoint> | undefined;
  return {
    endpoint() {
      if (stopping) return Promise.reject(new AppError('cancelled', 'The studio is closing.'));
      if (running !== undefined) return running.endpoint;
      starting ??= wait(BACK_OFF[Math.min(ends, BACK_OFF.length - 1)] as number)
        .then(() =>
          stopping ? Promise.reject(new AppError('cancelled', 'The studio is closing.')) : start(),
        )
        .finally(() => (starting = undefined));
      return starting;
    },
    async whatHappened() {
      await Promise.race([ended, wait(NEWS_LIMIT_MS)]);
      return how;
    },
    async stop() {
      stopping = true;
      const child = running?.child;
      if (child === undefined) return;
      child.send({ type: 'stop' });
      await Promise.race([ended, wait(STOP_LIMIT_MS)]);
      if (running !== undefined) child.kill();
    },
  };
}
