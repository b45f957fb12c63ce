import { Worker } from 'node:worker_threads';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import type { TokenizerFiles } from '../../engine/tokenizers/tokenizer.ts';
import { entryPath } from '../sessions/child-process.ts';
import { fromWire } from '../sessions/protocol.ts';
import type { CountRequest, FromTokenThread, TokenCount, ToTokenThread } from './token-messages.ts';

/** Vocabularies are large: the one of the model in use is kept, and one of the model before. */
const KEPT = 2;

/** Counts tokens on a thread of its own, so that nobody waits while a vocabulary is read. */
export interface TokenCounter {
  /**
   * One count a prompt. `name` stands for the content of `files`, which are asked for when it is new.
   * @throws {AppError} what the files are refused for; internal when the thread died or is closed.
   */
  count(name: string, files: () => TokenizerFiles, request: CountRequest): Promise<readonly TokenCount[]>;
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (counts: readonly TokenCount[]) => void;
  readonly reject: (error: Error) => void;
}

/** A running thread, and what it knows. */
interface Thread {
  readonly worker: Worker;
  /** Names of vocabularies, oldest first. */
  readonly known: Set<string>;
  readonly waiting: Map<number, Waiting>;
}

export function createTokenCounter(): TokenCounter {
  let thread: Thread | undefined;
  let last = 0;

  const start = (): Thread => {
    const worker = new Worker(entryPath('token-thread.ts', import.meta.url), { execArgv: [] });
    const started: Thread = { worker, known: new Set(), waiting: new Map() };
    worker.on('message', (message: FromTokenThread) => {
      const waiting = started.waiting.get(message.id);
      started.waiting.delete(message.id);
      if ('error' in message) waiting?.reject(fromWire(message.error));
      else waiting?.resolve(message.counts);
    });
    let reason = 'it was closed';
    worker.on('error', (error) => (reason = error.message));
    worker.on('exit', () => {
      if (thread === started) thread = undefined;
      const gone = new AppError('internal', `The thread that counts tokens has ended: ${reason}.`);
      for (const { reject } of started.waiting.values()) reject(gone);
    });
    // It ends with the process and keeps it from nothing.
    worker.unref();
    return started;
  };

  const know = ({ worker, known }: Thread, name: string, files: () => TokenizerFiles): void => {
    const tell = (message: ToTokenThread): void => worker.postMessage(message);
    if (known.has(name)) return;
    tell({ type: 'vocabulary', name, files: files() });
    known.add(name);
    const oldest = known.values().next().value;
    if (known.size <= KEPT || oldest === undefined) return;
    known.delete(oldest);
    tell({ type: 'forget', name: oldest });
  };

  return {
    count(name, files, request) {
      const running = (thread ??= start());
      know(running, name, files);
      const id = ++last;
      return new Promise((resolve, reject) => {
        running.waiting.set(id, { resolve, reject });
        running.worker.postMessage({ type: 'count', id, name, ...request } satisfies ToTokenThread);
      });
    },
    async close() {
      await thread?.worker.terminate();
    },
  };
}
