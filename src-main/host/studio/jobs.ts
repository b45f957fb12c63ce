import type { ContractEvent, EventData } from '../../../src-shared/contract/events.ts';
import type { JobInfo, JobProgress } from '../../../src-shared/contract/values.ts';
import { AppError, messageOf } from '../../../src-shared/kernel/errors.ts';

/** What a film was written with, where a limit of its bytes had to choose. */
interface ChosenSettings {
  readonly quality: number;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
}

/** What the work of a job tells while it goes on. */
export interface JobHandle {
  readonly job: string;
  readonly signal: AbortSignal;
  progress(progress: JobProgress): void;
  /** Sends an event in the job's name. */
  tell<Event extends JobEventName>(event: Event, data: Omit<EventData<Event>, 'job' | 'project'>): void;
  /** Calls at once with how it is, and whenever the job is paused or resumed. */
  onPaused(listener: (paused: boolean) => void): void;
}

export type JobEventName = 'job.frame' | 'frame.preview' | 'frame.failed';

export interface JobOutcome {
  readonly total: number;
  readonly rendered: number;
  readonly cached: number;
  readonly failed: number;
  readonly output: {
    readonly out: string | null;
    readonly name: string;
    readonly width: number;
    readonly height: number;
    readonly bytes: number;
    readonly chosen: ChosenSettings | null;
  } | null;
}

export type NewJob = Pick<JobInfo, 'project' | 'kind' | 'revision' | 'range'> & {
  readonly paused?: boolean;
};

/**
 * Jobs belong to their project, not to the connection that started them: a closed window does not stop a render, and
 * one that is opened later finds it in the project's state.
 */
export interface Jobs {
  /** Starts in a later microtask, so that whoever asked knows the job's name before its first event. */
  start(job: NewJob, work: (handle: JobHandle) => Promise<JobOutcome>): string;
  /** Harmless for a job that is over. Resolves when it is. */
  cancel(job: string, replacedBy?: string): Promise<void>;
  /** Harmless for a job that is over, or that is so already. */
  setPaused(job: string, paused: boolean): void;
  list(project?: string): JobInfo[];
  /** Cancels all and waits for them. */
  close(): Promise<void>;
}

interface Running {
  info: JobInfo;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
  replacedBy: string | null;
  onPaused: ((paused: boolean) => void) | undefined;
}

/** Progress is told at most this often. */
const PROGRESS_MS = 100;

export function createJobs(
  tell: (event: ContractEvent) => void,
  options: {
    readonly clock: () => number;
    /** The job is over and was told of. */
    onEnd(job: JobInfo): void;
    /** A failure that is nobody's input. */
    onFault(error: unknown): void;
  },
): Jobs {
  const running = new Map<string, Running>();
  let started = 0;

  const run = async (
    entry: Running,
    work: (handle: JobHandle) => Promise<JobOutcome>,
    begin: Promise<void>,
  ): Promise<void> => {
    await begin;
    const { job, project } = entry.info;
    let toldAt = Number.NEGATIVE_INFINITY;
    tell({ event: 'job.started', data: entry.info });
    let last: ContractEvent;
    try {
      const outcome = await work({
        job,
        signal: entry.controller.signal,
        progress(progress) {
          const before = entry.info.progress;
          entry.info = { ...entry.info, progress };
          const now = options.clock();
          const isNews = progress.phase !== before.phase || progress.done === progress.total;
          if (!isNews && now - toldAt < PROGRESS_MS) return;
          toldAt = now;
          tell({ event: 'job.progress', data: { job, project, ...progress } });
        },
        tell: (event, data) =>
          // The two types go together, which is lost where the name is a variable.
          tell({ event, data: { job, project, ...data } } as unknown as ContractEvent),
        onPaused(listener) {
          entry.onPaused = listener;
          listener(entry.info.paused);
        },
      });
      last = { event: 'job.done', data: { job, project, ...outcome } };
    } catch (error) {
      last = failure(entry, error);
    }
    running.delete(job);
    tell(last);
    try {
      options.onEnd(entry.info);
    } catch (error) {
      // The job is over all the same, and whoever waits for that must not fail by what comes after it.
      options.onFault(error);
    }
  };

  const failure = (
    { info: { job, project }, controller, replacedBy }: Running,
    error: unknown,
  ): ContractEvent => {
    if (controller.signal.aborted) return { event: 'job.cancelled', data: { job, project, replacedBy } };
    if (!(error instanceof AppError)) options.onFault(error);
    const { code, data } = error instanceof AppError ? error : { code: 'internal', data: {} };
    const message = messageOf(error);
    return { event: 'job.failed', data: { job, project, error: { code, message, data: { ...data } } } };
  };

  return {
    start(job, work) {
      started += 1;
      const id = `job${started}`;
      const begin = Promise.withResolvers<void>();
      const progress = {
        phase: 'render',
        done: 0,
        total: 0,
        fraction: 0,
        remainingMs: null,
        frameMs: null,
      } as const;
      const entry: Running = {
        info: { paused: false, ...job, job: id, progress },
        controller: new AbortController(),
        replacedBy: null,
        onPaused: undefined,
        ended: begin.promise,
      };
      running.set(id, Object.assign(entry, { ended: run(entry, work, begin.promise) }));
      // After the answer to the request, which takes a few microtasks.
      setImmediate(begin.resolve);
      return id;
    },
    async cancel(job, replacedBy) {
      const entry = running.get(job);
      if (entry === undefined) return;
      entry.replacedBy ??= replacedBy ?? null;
      entry.controller.abort();
      await entry.ended;
    },
    setPaused(job, paused) {
      const entry = running.get(job);
      if (entry === undefined || entry.info.paused === paused) return;
      entry.info = { ...entry.info, paused };
      entry.onPaused?.(paused);
      tell({ event: 'job.changed', data: entry.info });
    },
    list: (project) =>
      [...running.values()]
        .map(({ info }) => info)
        .filter((info) => project === undefined || info.project === project),
    async close() {
      const all = [...running.values()];
      for (const { controller } of all) controller.abort();
      await Promise.all(all.map(({ ended }) => ended));
    },
  };
}
