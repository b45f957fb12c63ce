import type { Engine } from './sessions/engine-client.ts';

/**
 * The engine of now. When settings change it is replaced: work under way ends on the old one, which is disposed
 * after its last user, and what comes next starts a new one; so no frame is lost to a change of settings.
 */
export interface EngineLease {
  use<Result>(work: (engine: Engine) => Promise<Result>): Promise<Result>;
  /** The same for results that come one by one; breaking off ends the use. */
  stream<Item>(work: (engine: Engine) => AsyncGenerator<Item>): AsyncGenerator<Item>;
  /**
   * The next user gets a new engine. Resolves when the one before has let go of its files, or at once while somebody
   * still works with it.
   */
  replace(): Promise<void>;
  /** Ends all engines, whoever uses them. */
  dispose(): Promise<void>;
}

interface Entry {
  readonly engine: Engine;
  users: number;
}

/** @param start makes an engine; called on first use, because listing presets must not load the ONNX runtime */
export function createEngineLease(start: () => Engine): EngineLease {
  const alive = new Map<Entry, Promise<void> | undefined>();
  let current: Entry | undefined;
  const end = (entry: Entry): Promise<void> => {
    const ending = alive.get(entry) ?? entry.engine.dispose().finally(() => alive.delete(entry));
    alive.set(entry, ending);
    return ending;
  };
  const take = (): Entry => {
    if (current === undefined) {
      current = { engine: start(), users: 0 };
      alive.set(current, undefined);
    }
    current.users += 1;
    return current;
  };
  const release = (entry: Entry): void => {
    entry.users -= 1;
    if (entry !== current && entry.users === 0) void end(entry);
  };
  return {
    async use(work) {
      const entry = take();
      try {
        return await work(entry.engine);
      } finally {
        release(entry);
      }
    },
    async *stream(work) {
      const entry = take();
      try {
        yield* work(entry.engine);
      } finally {
        release(entry);
      }
    },
    async replace() {
      const before = current;
      current = undefined;
      if (before?.users === 0) await end(before);
    },
    async dispose() {
      current = undefined;
      await Promise.all([...alive.keys()].map(end));
    },
  };
}
