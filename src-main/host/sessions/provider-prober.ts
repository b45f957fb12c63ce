import { type Child, describeExit, entryPath, type StartChild } from './child-process.ts';
import type { ProbeAnswer, ProbeRequest } from './probe-process.ts';
import type { ProbedModel, ProviderProber, ProviderVerdict } from './providers.ts';
import type { ProviderName } from './session-options.ts';

export interface ProberOptions {
  readonly startChild: StartChild;
  readonly threads: number;
  /** A driver that hangs is a driver that fails. */
  readonly timeoutMs?: number;
  /** Of the process that probes; default: the one beside this file. */
  readonly entry?: string | undefined;
}

/**
 * Probes in a throwaway process: a driver that aborts takes only that process with it, which then is the verdict.
 */
export function createProber(options: ProberOptions): ProviderProber {
  let child: Child | undefined;
  const timeoutMs = options.timeoutMs ?? 120_000;
  const entry = options.entry ?? entryPath('probe-process.ts', import.meta.url);

  const probe = (provider: ProviderName, model: ProbedModel) =>
    new Promise<ProviderVerdict>((resolve) => {
      const started = child ?? options.startChild(entry);
      let timer: NodeJS.Timeout | undefined;
      let settled = false;
      const settle = (verdict: ProviderVerdict): void => {
        if (settled) return;
        settled = true;
        clearTimeout(timer);
        resolve(verdict);
      };
      started.onMessage((message) => settle((message as ProbeAnswer).verdict));
      started.onExit((exit) => {
        if (child === started) child = undefined;
        settle(failure(provider, `the process that tried it ${describeExit(exit)}`));
      });
      timer = setTimeout(() => {
        if (child === started) child = undefined;
        started.kill();
        settle(failure(provider, `it did not answer within ${timeoutMs / 1000} s`));
      }, timeoutMs);
      child = started;
      const request: ProbeRequest = { provider, threads: options.threads, model };
      started.send(request);
    });

  return {
    probe,
    close() {
      child?.kill();
      child = undefined;
    },
  };
}

function failure(provider: ProviderName, reason: string): ProviderVerdict {
  return {
    provider,
    usable: false,
    reason,
    anyModel: false,
    milliseconds: null,
    cpuMilliseconds: null,
    maxRelativeError: null,
  };
}
