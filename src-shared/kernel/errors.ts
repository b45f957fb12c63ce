/**
 * Every failure that a user can cause or has to know of is an {@link AppError}: its message names the thing,
 * the value and what would be accepted. The code decides the exit status of the command line.
 */
export type ErrorCode =
  // The input is wrong: exit status 2.
  | 'invalid-input'
  | 'invalid-document'
  | 'invalid-model'
  | 'invalid-asset'
  | 'not-found'
  | 'project-newer'
  | 'project-damaged'
  // The work failed: exit status 1.
  | 'storage-failed'
  | 'disk-full'
  | 'read-only'
  | 'engine-failed'
  | 'provider-failed'
  | 'export-failed'
  | 'ffmpeg-missing'
  | 'network-failed'
  | 'internal'
  // The user stopped it: exit status 130.
  | 'cancelled';

const INPUT_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'invalid-input',
  'invalid-document',
  'invalid-model',
  'invalid-asset',
  'not-found',
  'project-newer',
  'project-damaged',
]);

export class AppError extends Error {
  readonly code: ErrorCode;
  /** Details for logs and windows; JSON-safe. */
  readonly data: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { data?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.data = options.data ?? {};
  }
}

/** 0 is never returned: 2 when the input is wrong, 130 when cancelled, 1 otherwise. */
export function exitStatusOf(error: unknown): 1 | 2 | 130 {
  if (!(error instanceof AppError)) return 1;
  if (error.code === 'cancelled') return 130;
  return INPUT_CODES.has(error.code) ? 2 : 1;
}

/** The outcome of a cancelled piece of work; callers treat it as an outcome, not as a failure. */
export function cancelledError(what: string): AppError {
  return new AppError('cancelled', `${what} was cancelled.`);
}

/** Throws {@link cancelledError} when the signal is already aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw cancelledError(what);
}

/** What was thrown, in words: anything can be. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
