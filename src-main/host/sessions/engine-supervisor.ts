import { AppError, cancelledError } from '../../../src-shared/kernel/errors.ts';
import type { StepPreview, StepProgress } from '../../engine/ports.ts';
import { type BackOff, waitAfter } from './back-off.ts';
import { type Child, type ChildExit, describeExit, type StartChild } from './child-process.ts';
import type { EngineEvent } from './engine-events.ts';
import {
  type EngineSettings,
  type FromEngine,
  fromWire,
  type LoadedModel,
  type ToEngine,
} from './protocol.ts';

export interface EngineTask {
  /** For messages: "The frame". */
  readonly what: string;
  /** Sent ahead, once per process, when the task needs it. */
  readonly model?: LoadedModel;
  readonly message: (id: number) => ToEngine;
  readonly signal?: AbortSignal;
  readonly onStep?: (progress: StepProgress) => void;
  readonly onPreview?: (preview: StepPreview) => void;
  /** Before what waits already: somebody looks at it. */
  readonly isUrgent?: boolean;
}

export interface SupervisorOptions {
  readonly startChild: StartChild;
  readonly entry: string;
  readonly settings: EngineSettings;
  readonly backOff: BackOff;
  readonly cancelGraceMs: number;
  readonly emit: (event: EngineEvent) => void;
}

type TaskResult = Extract<FromEngine, { type: 'done' }>['result'];

interface PendingTask extends EngineTask {
  readonly id: number;
  readonly resolve: (result: TaskResult) => void;
  readonly reject: (error: AppError) => void;
  /** Processes that died with this task in flight. */
  crashes: number;
  cancelled: boolean;
  grace?: NodeJS.Timeout;
  unlisten?: () => void;
}

interface Running {
  readonly child: Child;
  /** Fingerprints of the models that this process was told about, by folder. */
  readonly models: Map<string, string>;
}

/**
 * Keeps one engine process alive and gives it one task at a time. A process that dies is started again after a wait
 * that grows from failure to failure; the task in flight is tried once more. After too many failures in a row without
 * a finished task everything pending fails, and only a new task starts one more attempt.
 */
export class EngineSupervisor {
  readonly #options: SupervisorOptions;
  readonly #queue: PendingTask[] = [];
  #active: PendingTask | undefined;
  #running: Running | undefined;
  #waiting: NodeJS.Timeout | undefined;
  #failures = 0;
  #nextId = 1;
  #starts = 0;
  #disposed = false;
  #exited: Promise<void> = Promise.resolve();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#running?.child.pid;
  }

  submit(task: EngineTask): Promise<TaskResult> {
    return new Promise((resolve, reject) => {
      if (this.#disposed || task.signal?.aborted) {
        reject(cancelledError(task.what));
        return;
      }
      const pending: PendingTask = {
        ...task,
        id: this.#nextId,
        resolve,
        reject,
        crashes: 0,
        cancelled: false,
      };
      this.#nextId += 1;
      if (task.signal) {
        const { signal } = task;
        const onAbort = (): void => this.#cancel(pending);
        signal.addEventListener('abort', onAbort, { once: true });
        pending.unlisten = () => signal.removeEventListener('abort', onAbort);
      }
      if (task.isUrgent === true) this.#queue.unshift(pending);
      else this.#queue.push(pending);
      this.#advance();
    });
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    const pending = [...(this.#active ? [this.#active] : []), ...this.#queue.splice(0)];
    this.#active = undefined;
    for (const task of pending) this.#settle(task, () => task.reject(cancelledError(task.what)));
    this.#running?.child.kill();
    await this.#exited;
  }

  #advance(): void {
    if (this.#active || this.#waiting || this.#disposed || this.#queue.length === 0) return;
    this.#running ??= this.#start();
    const { child, models } = this.#running;
    const task = this.#queue.shift();
    if (!task) return;
    this.#active = task;
    if (task.model && models.get(task.model.folder) !== task.model.fingerprint) {
      models.set(task.model.folder, task.model.fingerprint);
      this.#send(child, { type: 'model', model: task.model });
    }
    this.#send(child, task.message(task.id));
  }

  #start(): Running {
    const child = this.#options.startChild(this.#options.entry);
    const running: Running = { child, models: new Map() };
    child.onMessage((message) => this.#receive(message as FromEngine));
    this.#exited = new Promise((resolve) => {
      child.onExit((exit) => {
        resolve();
        this.#onExit(running, exit);
      });
    });
    this.#send(child, { type: 'configure', settings: this.#options.settings });
    this.#starts += 1;
    if (this.#starts > 1) this.#options.emit({ type: 'restarted', pid: child.pid });
    return running;
  }

  #send(child: Child, message: ToEngine): void {
    child.send(message);
  }

  #receive(message: FromEngine): void {
    if (message.type === 'ready') return;
    if (message.type === 'opened') {
      this.#options.emit({ type: 'opened', opened: message.opened });
      return;
    }
    const task = this.#active;
    // A process that is about to be killed may still say something about a task that is settled.
    if (!task || task.id !== message.id) return;
    if (message.type === 'step') {
      if (!task.cancelled) task.onStep?.({ step: message.step, steps: message.steps });
      return;
    }
    if (message.type === 'preview') {
      const { step, steps, image } = message;
      if (!task.cancelled) task.onPreview?.({ step, steps, image });
      return;
    }
    this.#active = undefined;
    this.#failures = 0;
    this.#settle(task, () => {
      if (task.cancelled) task.reject(cancelledError(task.what));
      else if (message.type === 'failed') task.reject(fromWire(message.error));
      else task.resolve(message.result);
    });
    this.#advance();
  }

  #cancel(task: PendingTask): void {
    const queued = this.#queue.indexOf(task);
    if (queued >= 0) {
      this.#queue.splice(queued, 1);
      this.#settle(task, () => task.reject(cancelledError(task.what)));
      return;
    }
    const running = this.#running;
    if (this.#active !== task || !running) return;
    task.cancelled = true;
    this.#send(running.child, { type: 'cancel', id: task.id });
    // A native call cannot be interrupted: when the evaluation under way takes too long, the process has to go.
    task.grace = setTimeout(() => {
      if (this.#active === task) running.child.kill();
    }, this.#options.cancelGraceMs);
  }

  #onExit(running: Running, exit: ChildExit): void {
    if (this.#running !== running) return;
    this.#running = undefined;
    if (this.#disposed) return;
    const task = this.#active;
    this.#active = undefined;
    if (task?.cancelled) {
      this.#settle(task, () => task.reject(cancelledError(task.what)));
      this.#advance();
      return;
    }
    const failures = this.#failures + 1;
    this.#failures = failures;
    const wait = waitAfter(failures, this.#options.backOff);
    const message = `The engine process ${describeExit(exit)}.`;
    this.#options.emit({ type: 'failed', message, failures, waitMs: wait ?? null });
    const failure = (retryable: boolean): AppError =>
      new AppError('engine-failed', message, { data: { retryable, failures } });
    if (wait === undefined) {
      const lost = [...(task ? [task] : []), ...this.#queue.splice(0)];
      // The next task gets one attempt, not another full round of waits.
      this.#failures = this.#options.backOff.attempts - 1;
      for (const each of lost) this.#settle(each, () => each.reject(failure(false)));
      return;
    }
    if (task) {
      task.crashes += 1;
      if (task.crashes > 1) this.#settle(task, () => task.reject(failure(true)));
      else this.#queue.unshift(task);
    }
    this.#waiting = setTimeout(() => {
      this.#waiting = undefined;
      this.#advance();
    }, wait);
  }

  #settle(task: PendingTask, finish: () => void): void {
    clearTimeout(task.grace);
    task.unlisten?.();
    finish();
  }
}
