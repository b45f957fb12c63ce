import type { ProviderDecision } from './providers.ts';
import type { SessionOpened } from './session-pool.ts';

/** What happens to the engine while it works; for the status bar and the log. */
export type EngineEvent =
  /** The process ended on its own; it starts again after `waitMs`, unless null. */
  | {
      readonly type: 'failed';
      readonly message: string;
      readonly failures: number;
      readonly waitMs: number | null;
    }
  /** A new process took over after a failure or a forced cancel. */
  | { readonly type: 'restarted'; readonly pid: number | undefined }
  | {
      readonly type: 'note';
      readonly code: 'provider';
      readonly message: string;
      readonly decision: ProviderDecision;
    }
  | { readonly type: 'opened'; readonly opened: SessionOpened };
