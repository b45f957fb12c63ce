import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  statfs,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { folderSize } from '../../files/folder-size.ts';
import { hashJson } from '../../../src-shared/kernel/hash.ts';
import { ortVersion } from './ort.ts';
import { openOrtSession, type OwnedSession } from './ort-session.ts';
import { optimisedOptions, savingOptions, sessionOptions, type SessionSettings } from './session-options.ts';

const GRAPH = 'model.onnx';
const WEIGHTS = 'weights.bin';
const SEAL = 'seal.json';
const SAMPLE_BYTES = 64 * 1024;
const SAMPLES = 16;
const ABANDONED_AFTER_MS = 60 * 60 * 1000;

export interface GraphCacheOptions {
  /** Folder of the cache; made when missing. */
  readonly folder: string;
  /** CPU model and flags: the saved layout is specific to them. */
  readonly cpu: string;
  /** Least recently used graphs are deleted above this many bytes. */
  readonly limitBytes?: number;
}

/** One model file to open; `identity` changes whenever the file's content does. */
export interface GraphSource {
  readonly path: string;
  /** Model fingerprint and component name. */
  readonly identity: string;
  /** Bytes of the graph and its weights. */
  readonly bytes: number;
}

/** What became of the cache when a session was opened. */
export type GraphCacheOutcome = 'hit' | 'built' | 'rebuilt' | 'bypassed';

export interface OpenedGraph {
  readonly session: OwnedSession;
  readonly outcome: GraphCacheOutcome;
}

/**
 * Keeps ONNX Runtime's optimised graphs: opening one takes a fraction of the time that optimising takes. Any process
 * may share the folder; a graph appears by one rename of its finished folder, so nobody sees half of one.
 */
export class GraphCache {
  readonly #options: GraphCacheOptions;

  constructor(options: GraphCacheOptions) {
    this.#options = options;
  }

  /** Opens the file through the cache, or directly where the cache cannot serve. */
  async open(source: GraphSource, settings: SessionSettings): Promise<OpenedGraph> {
    // A graph that was partitioned for another provider is tied to that provider's kernels of this very moment.
    if (settings.provider !== 'cpu') {
      return { session: await openOrtSession(source.path, sessionOptions(settings)), outcome: 'bypassed' };
    }
    const entry = join(this.#options.folder, this.#key(source, settings));
    let stale = false;
    if (existsSync(entry)) {
      const session = await this.#openSaved(entry, settings);
      if (session) return { session, outcome: 'hit' };
      stale = true;
      await rm(entry, { recursive: true, force: true }).catch(() => undefined);
    }
    const session = await this.#build(source, settings, entry);
    if (session) return { session, outcome: stale ? 'rebuilt' : 'built' };
    return { session: await openOrtSession(source.path, sessionOptions(settings)), outcome: 'bypassed' };
  }

  #key(source: GraphSource, settings: SessionSettings): string {
    return hashJson({
      artifact: 'optimised-graph',
      version: 2,
      identity: source.identity,
      runtime: ortVersion(),
      cpu: this.#options.cpu,
      provider: settings.provider,
      level: 'all',
    });
  }

  /** The saved graph's session, or undefined when anything about it is wrong. */
  async #openSaved(entry: string, settings: SessionSettings): Promise<OwnedSession | undefined> {
    try {
      const seal = await readFile(join(entry, SEAL), 'utf8');
      if (seal !== (await sealOf(entry))) return undefined;
      const session = await openOrtSession(join(entry, GRAPH), optimisedOptions(settings));
      const now = new Date();
      await utimes(join(entry, SEAL), now, now).catch(() => undefined);
      return session;
    } catch {
      return undefined;
    }
  }

  /** Optimises and saves; undefined when the graph could not be saved (the file itself may still be fine). */
  async #build(
    source: GraphSource,
    settings: SessionSettings,
    entry: string,
  ): Promise<OwnedSession | undefined> {
    const temporary = join(this.#options.folder, `.${process.pid}-${randomUUID()}.partial`);
    let session: OwnedSession | undefined;
    try {
      await mkdir(temporary, { recursive: true });
      if (!(await this.#hasRoomFor(source.bytes))) return undefined;
      session = await openOrtSession(source.path, savingOptions(settings, join(temporary, GRAPH), WEIGHTS));
      await writeFile(join(temporary, SEAL), await sealOf(temporary));
      // Where another process was faster its graph stays: both are equal.
      await rename(temporary, entry).catch(() => undefined);
      await this.#prune(entry);
      return session;
    } catch {
      return session;
    } finally {
      await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    }
  }

  /** float16 weights double when they are optimised for the CPU, and the disk must not be filled to its end. */
  async #hasRoomFor(bytes: number): Promise<boolean> {
    const disk = await statfs(this.#options.folder);
    return disk.bavail * disk.bsize > 4 * bytes + 256 * 1024 * 1024;
  }

  async #prune(keep: string): Promise<void> {
    const limit = this.#options.limitBytes ?? 16 * 1024 ** 3;
    const entries: { path: string; used: number; bytes: number }[] = [];
    for (const name of await readdir(this.#options.folder)) {
      const path = join(this.#options.folder, name);
      if (name.endsWith('.partial')) {
        const age = Date.now() - (await stat(path).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
        if (age > ABANDONED_AFTER_MS) await rm(path, { recursive: true, force: true });
        continue;
      }
      try {
        const used = (await stat(join(path, SEAL))).mtimeMs;
        entries.push({ path, used, bytes: (await folderSize(path)).bytes });
      } catch {
        // Another process is deleting it, or it is no graph of ours.
      }
    }
    let total = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    for (const entry of entries.sort((a, b) => a.used - b.used)) {
      if (total <= limit) return;
      if (entry.path === keep) continue;
      await rm(entry.path, { recursive: true, force: true });
      total -= entry.bytes;
    }
  }
}

/**
 * Sizes, the graph's hash and the hash of evenly spread samples of the weights: finds truncated, swapped and zeroed
 * files in milliseconds, where hashing gigabytes at every start would cost more than the cache saves.
 */
async function sealOf(folder: string): Promise<string> {
  const graph = await readFile(join(folder, GRAPH));
  const hash = createHash('sha256').update(graph);
  const weightsPath = join(folder, WEIGHTS);
  let size = 0;
  if (existsSync(weightsPath)) {
    const file = await open(weightsPath);
    try {
      size = (await file.stat()).size;
      const buffer = Buffer.alloc(SAMPLE_BYTES);
      const stride = Math.max(SAMPLE_BYTES, Math.floor((size - SAMPLE_BYTES) / (SAMPLES - 1)));
      for (let i = 0; i < SAMPLES && i * stride < size; i += 1) {
        const { bytesRead } = await file.read(buffer, 0, SAMPLE_BYTES, i * stride);
        hash.update(buffer.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  }
  return JSON.stringify({ version: 1, graph: graph.length, weights: size, sha256: hash.digest('hex') });
}
