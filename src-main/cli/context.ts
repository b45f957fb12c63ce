import type { Host } from '../host/host.ts';

/** What commands need from the world around them; made once by the entry. */
export interface CliContext {
  readonly stdout: { write(text: string): void };
  readonly stderr: { write(text: string): void; readonly isTTY?: boolean; readonly columns?: number };
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Of the product. */
  readonly version: string;
  /** A random seed for pictures that were not given one, 0 .. 2^32 - 1. */
  readonly randomSeed: () => number;
  /** Starts the host on first use; notes go to standard error. */
  host(options?: HostChoices): Host;
}

export interface HostChoices {
  readonly provider?: string;
  readonly threads?: number;
  /** Files of textual inversion. */
  readonly embedding?: readonly string[];
  /** A window is served, which comes before the engine. */
  readonly inBackground?: boolean;
  /** Notes besides being printed, for `--json`. */
  readonly onNote?: (message: string) => void;
}
