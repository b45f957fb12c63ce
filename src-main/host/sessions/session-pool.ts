import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { folderSize } from '../../files/folder-size.ts';
import { AppError, messageOf } from '../../../src-shared/kernel/errors.ts';
import type { Session, SessionSource } from '../../engine/ports.ts';
import type { GraphCache, GraphCacheOutcome } from './graph-cache.ts';
import { openOrtSession, type OwnedSession } from './ort-session.ts';
import { sessionOptions, type SessionSettings } from './session-options.ts';

/** A loaded model takes about this many times its files' size: weights, repacked weights and activations. */
const MEMORY_PER_FILE_BYTE = 1.3;

export interface SessionPoolOptions {
  /** Estimated bytes of all open sessions together; one session is always allowed. */
  readonly memoryBytes: number;
  /** Without it every opening optimises the graph anew. */
  readonly cache?: GraphCache;
  /** Told after every opening. */
  onOpened?(opened: SessionOpened): void;
}

export interface SessionOpened {
  readonly folder: string;
  readonly component: string;
  readonly milliseconds: number;
  readonly cache: GraphCacheOutcome;
}

interface PoolEntry {
  readonly session: OwnedSession;
  readonly bytes: number;
}

/** Where a component's graph lies in a model folder; `component/name` is a further graph of the component. */
export function componentPath(folder: string, component: string): string {
  return component.includes('/') ? join(folder, `${component}.onnx`) : join(folder, component, 'model.onnx');
}

/**
 * The open sessions of all model folders under one memory budget. The least recently used ones are released when
 * another is opened, so ask for a session again before every stage.
 */
export class SessionPool {
  readonly #options: SessionPoolOptions;
  // In order of use: a Map keeps the order of insertion, and every use re-inserts.
  readonly #entries = new Map<string, PoolEntry>();
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: SessionPoolOptions) {
    this.#options = options;
  }

  /** Components of `folder` as a {@link SessionSource}; `fingerprint` identifies the folder's content. */
  source(folder: string, fingerprint: string, settings: SessionSettings): SessionSource {
    return {
      has: (component) => existsSync(componentPath(folder, component)),
      session: (component) => this.#inTurn(() => this.#session(folder, fingerprint, component, settings)),
    };
  }

  /** Folder and component of every open session, least recently used first. */
  get open(): readonly string[] {
    return [...this.#entries.keys()].map((key) => key.slice(key.indexOf('|') + 1));
  }

  async releaseAll(): Promise<void> {
    await this.#inTurn(async () => {
      for (const [key, entry] of this.#entries) {
        this.#entries.delete(key);
        await entry.session.release();
      }
    });
  }

  // Two openings at once would both see the same free memory.
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(work, work);
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  async #session(
    folder: string,
    fingerprint: string,
    component: string,
    settings: SessionSettings,
  ): Promise<Session> {
    const key = `${fingerprint}/${settings.provider}|${folder}/${component}`;
    const found = this.#entries.get(key);
    if (found) {
      this.#entries.delete(key);
      this.#entries.set(key, found);
      return found.session;
    }
    const path = componentPath(folder, component);
    if (!existsSync(path)) {
      throw new AppError('invalid-model', `The model folder ${folder} has no ${component}/model.onnx.`);
    }
    const fileBytes = await componentBytes(folder, component.split('/')[0]!);
    const bytes = Math.ceil(fileBytes * MEMORY_PER_FILE_BYTE);
    await this.#makeRoom(bytes);
    const started = performance.now();
    const { session, outcome } = await this.#open(path, `${fingerprint}/${component}`, fileBytes, settings);
    this.#entries.set(key, { session, bytes });
    this.#options.onOpened?.({
      folder,
      component,
      milliseconds: performance.now() - started,
      cache: outcome,
    });
    return session;
  }

  async #open(
    path: string,
    identity: string,
    bytes: number,
    settings: SessionSettings,
  ): Promise<{ session: OwnedSession; outcome: GraphCacheOutcome }> {
    try {
      if (this.#options.cache) return await this.#options.cache.open({ path, identity, bytes }, settings);
      return { session: await openOrtSession(path, sessionOptions(settings)), outcome: 'bypassed' };
    } catch (error) {
      if (error instanceof AppError) throw error;
      const reason = messageOf(error);
      throw new AppError('invalid-model', `ONNX Runtime cannot open ${path}: ${reason}`, { cause: error });
    }
  }

  async #makeRoom(bytes: number): Promise<void> {
    let total = bytes;
    for (const entry of this.#entries.values()) total += entry.bytes;
    for (const [key, entry] of this.#entries) {
      if (total <= this.#options.memoryBytes) return;
      if (entry.session.running) continue;
      this.#entries.delete(key);
      await entry.session.release();
      total -= entry.bytes;
    }
  }
}

/** Bytes of all files beside a component's graph: the graph and its external weights. */
export async function componentBytes(folder: string, component: string): Promise<number> {
  return (await folderSize(join(folder, component), (name) => !/\.(json|txt|md)$/i.test(name))).bytes;
}
